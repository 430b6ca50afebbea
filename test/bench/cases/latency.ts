/** From the slash command to what people see first, and to the first command that leaves the bot's machine. */
import { botRun } from '../bot-run.ts';
import { tidy } from '../ground.ts';
import { firstRemoteCommandAt } from '../overhead.ts';
import { channels } from '../../stage/stage.ts';
import type { Case } from './case.ts';

const answerLimitMs = 30_000;

export const latency: Case = {
  id: 'latency',
  sizes: 'once',
  filling: 'keys',
  async measure({ ground, runs, say }) {
    const measured: { readonly whisper: number; readonly channel: number; readonly command: number }[] = [];
    for (let run = 1; run <= runs; run += 1) {
      await tidy(ground);
      const { askedAt, endedAt, entries } = await botRun(ground, `put demo /bench/latency ${run}`);
      const whisper = await ground.postings.first(askedAt, ({ method }) => method === 'chat.postEphemeral', answerLimitMs);
      const root = await ground.postings.first(
        askedAt,
        ({ method, channel }) => method === 'chat.postMessage' && channel === channels.incident,
        answerLimitMs,
      );
      const command = firstRemoteCommandAt(entries) ?? endedAt;
      measured.push({
        whisper: (whisper.at - askedAt) / 1_000,
        channel: (root.at - askedAt) / 1_000,
        command: (command - askedAt) / 1_000,
      });
    }
    say(measured.map((one) => `${one.channel.toFixed(2)} s`).join(', '));
    return [
      { what: 'from the slash command to the word to who asked', unit: 's', bot: measured.map(({ whisper }) => whisper) },
      { what: 'from the slash command to the first message in the channel', unit: 's', bot: measured.map(({ channel }) => channel) },
      { what: 'from the slash command to the first remote command (`put`)', unit: 's', bot: measured.map(({ command }) => command) },
    ];
  },
};
