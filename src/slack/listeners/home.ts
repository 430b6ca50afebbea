/** The app's Home tab: what this is and how to begin. The same for everybody. */
import type { WebClient } from '@slack/web-api';
import type { HomeView } from '@slack/types';
import { translated } from '../errors.ts';
import { slashCommand } from '../surface.ts';

/** What the tab shows. */
export const homeView: HomeView = {
  type: 'home',
  blocks: [
    { type: 'header', text: { type: 'plain_text', text: 'etcd-medic' } },
    {
      type: 'section',
      text: {
        type: 'mrkdwn',
        verbatim: true,
        text: `Backup, restore and disaster recovery of etcd, step by step, in the incident channel. Nothing is destroyed before somebody has approved it.\n\nBegin with \`${slashCommand} clusters\`, then \`${slashCommand} status &lt;cluster&gt;\`. \`${slashCommand} help\` lists the rest; inside a thread say it to \`@etcd-medic\`.`,
      },
    },
  ],
};

/** Shows the tab: https://docs.slack.dev/surfaces/app-home */
export async function onHome(client: WebClient, { user, tab }: { readonly user: string; readonly tab?: string }): Promise<void> {
  if (tab !== undefined && tab !== 'home') return;
  try {
    await client.views.publish({ user_id: user, view: homeView });
  } catch (error) {
    throw translated(error, 'showing the Home tab');
  }
}
