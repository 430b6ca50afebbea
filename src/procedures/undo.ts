/** Undo a restore or a recovery: what it moved aside goes back into its place (docs/runbooks/undo.md). */
import { z } from 'zod';
import { allOf, holds } from '../engine/finding.ts';
import { change, check, destroy } from '../engine/step.ts';
import { RunId } from '../ids.ts';
import { defineProcedure } from './procedure.ts';
import { canaryGone, canaryKey } from './restoring/canary.ts';
import { worldOf } from './restoring/left-out.ts';
import { startingSteps } from './restoring/put-back.ts';
import { savingSnapshot, snapshotChecked } from './restoring/safety-snapshot.ts';
import { PreparedUndo } from './undoing/prepared.ts';
import { dataReturned, planReturn, returnAllowed, returnData, returnFacts, returning, stillMeaningful } from './undoing/put-back.ts';
import { readyToUndo } from './undoing/ready-to-undo.ts';
import { planSettings, putSettingsBack, settingsAreBack } from './undoing/settings-back.ts';
import { settleUndo } from './undoing/settle-undo.ts';
import { abandonUndo, isClusterOfBefore, undoReport } from './undoing/undo-report.ts';
import { list, plural } from '../engine/words.ts';

/** Undo: an undo is undone by the same word. */
export const undo = defineProcedure({
  id: 'undo',
  summary: 'put back the data that a restore or a recovery moved aside',
  permission: 'operate',
  exclusive: true,
  about: 'run',
  arguments: [],
  input: z.object({ run: RunId }),
  prepared: PreparedUndo,
  prepare: ({ run }, world) => settleUndo(run, world),
  steps(prepared, world) {
    const { run, source, serving, settings, loses } = prepared;
    const on = worldOf(
      world,
      prepared.replaced.map(({ member }) => member),
    );
    const back = worldOf(world, serving);
    const { start, canary, agree } = startingSteps(back, returning(prepared));
    const { etcd, ledger } = back;
    const all = plural(on.hosts.length, 'host');
    return [
      check('look-back', `Look at what ${run} moved aside, and at what is in its place`, () => stillMeaningful(prepared, on)),
      check('preflight', `Look at ${all}: access, settings, certificates`, () => readyToUndo(on)),
      check('say-what-is-lost', 'Say what is lost', async () => holds(`This undo loses ${loses}.`)),
      ...(source === null
        ? []
        : [
            change('save-snapshot', `Save a snapshot of the present data from ${source.member}`, savingSnapshot(source, world)),
            check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', () => snapshotChecked(world)),
          ]),
      destroy('put-back', `Stop etcd on ${all}, put the present data aside and the data of before ${run} back in place`, {
        loses,
        blastRadius: 'quorumLoss',
        requires: () => returnAllowed(prepared, on),
        facts: () => returnFacts(prepared, on),
        plan: () => planReturn(prepared, on),
        run: (approval) => returnData(prepared, on, approval),
        verify: () => dataReturned(prepared, on),
      }),
      change('start', `Start etcd on ${list(serving)}`, start),
      change('canary', 'Prove it with a write, read back from every member', canary),
      check('members-agree', 'The cluster of before: its id, one leader, one raft term, the same hash, no alarm', async (context) =>
        allOf([await agree(context), await isClusterOfBefore(prepared, back)]),
      ),
      ...(settings.length === 0
        ? []
        : [
            change('configure', 'Set etcd’s settings back to what they were', {
              plan: () => planSettings(prepared, on),
              run: () => putSettingsBack(prepared, on),
              verify: () => settingsAreBack(prepared, on),
            }),
          ]),
      change('clean-up', 'Remove the canary, and begin the record of revisions anew', {
        plan: async () => [etcd.commands.delete(canaryKey)],
        run: async () => {
          const { revision } = await etcd.look();
          // First, because a clean-up that was cut is done again only as long as the canary is still there.
          if (revision !== undefined) await ledger.restart(revision);
          await etcd.delete(canaryKey);
        },
        verify: () => canaryGone(back),
      }),
    ];
  },
  abandon: abandonUndo,
  conclusion: async (prepared, world) => (await undoReport(prepared, world)).join('\n'),
});
