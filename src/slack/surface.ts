/** What the app asks of a workspace: manifest.yml says the same, and a test holds the two together. */

/** The one slash command. */
export const slashCommand = '/etcd';

/** The events listened to, each with the scope it needs. */
export const events = ['app_mention', 'app_home_opened'] as const;

/** The bot's scopes, each with what it is for. No history of any channel is ever read. */
export const botScopes = {
  commands: 'the slash command',
  'chat:write': 'the reports, cards and answers',
  'files:write': 'the timeline of a run',
  'app_mentions:read': 'commands inside threads, where slash commands do not work',
  'usergroups:read': 'user groups named in config.yaml',
  'users:read': 'names in tables and files',
  'channels:read': 'the names of public channels, for `#inc-*` in config.yaml',
  'groups:read': 'the names of private channels the bot is in, for the same',
} as const;
