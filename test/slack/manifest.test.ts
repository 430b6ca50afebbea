/** manifest.yml and the code ask for the same. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { botScopes, events, slashCommand } from '../../src/slack/surface.ts';

const Manifest = z.object({
  display_information: z.object({ name: z.string().max(35), description: z.string().max(140) }),
  features: z.object({
    app_home: z.object({ home_tab_enabled: z.literal(true), messages_tab_enabled: z.literal(false) }),
    slash_commands: z.array(
      z.object({ command: z.string(), description: z.string().max(2000), usage_hint: z.string().max(1000), should_escape: z.boolean() }),
    ),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.literal(true) }),
    socket_mode_enabled: z.literal(true),
    token_rotation_enabled: z.literal(false),
  }),
});
const manifest = Manifest.parse(parse(readFileSync('manifest.yml', 'utf8')));
const code = globSync('src/slack/**/*.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

describe('manifest.yml', () => {
  it('declares the one command, with people and channels as ids', () => {
    expect(manifest.features.slash_commands).toMatchObject([{ command: slashCommand, should_escape: true }]);
  });

  it('subscribes to the events that are listened to', () => {
    expect(manifest.settings.event_subscriptions.bot_events).toEqual([...events]);
    expect([...code.matchAll(/app\.event\('([a-z_]+)'/g)].map(([, event]) => event)).toEqual([...events]);
  });

  it('asks for the scopes that are used, and never for the history of a channel', () => {
    expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual(Object.keys(botScopes).toSorted());
    expect(manifest.oauth_config.scopes.bot.filter((scope) => scope.includes('history'))).toEqual([]);
  });

  it('asks for a scope for each method that is called', () => {
    const scopeOf: Readonly<Record<string, keyof typeof botScopes>> = {
      'chat.postMessage': 'chat:write',
      'chat.update': 'chat:write',
      'chat.postEphemeral': 'chat:write',
      filesUploadV2: 'files:write',
      'usergroups.users.list': 'usergroups:read',
      'users.info': 'users:read',
      'users.conversations': 'channels:read',
      'conversations.info': 'channels:read',
    };
    const called = [...code.matchAll(/client\.((?:chat|usergroups\.users|users|conversations)\.[a-zA-Z]+|filesUploadV2)\(/g)].map(
      ([, method]) => method ?? '',
    );

    expect([...new Set(called)].toSorted()).toEqual(Object.keys(scopeOf).toSorted());
  });
});
