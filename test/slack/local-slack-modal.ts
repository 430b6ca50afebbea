/** The window that an app has opened, as local-slack's own page sees it: read, filled in and submitted over the page's web socket. */
import { once } from 'node:events';

const answerLimitMs = 25_000;

/** A window as the server keeps it. */
export interface LocalView {
  readonly id: string;
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly title: { readonly text: string };
  readonly blocks: readonly Record<string, unknown>[];
}

/** What came of a submission: the window is closed, or it stays open with these errors by block. */
export type Submitted = { readonly state: 'closed' } | { readonly state: 'errors'; readonly errors: Readonly<Record<string, string>> };

/** What is typed: texts by block and field. */
export type Typed = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface News {
  readonly t: string;
  readonly state?: { readonly modalStack: readonly LocalView[] };
  readonly stack?: readonly LocalView[];
  readonly errors?: Readonly<Record<string, string>>;
  readonly message?: { readonly ephemeral_to?: string };
}

/** Does something as a person, and gives the window that opens upon it; undefined when the person is told something instead. */
export function windowAfter(port: number, user: string, act: () => Promise<void>): Promise<LocalView | undefined> {
  return withPage(port, async (next) => {
    await next(({ t }) => t === 'init');
    await act();
    const opens = ({ t, stack = [] }: News) => t === 'view' && stack.length > 0;
    const news = await next((one) => opens(one) || (one.t === 'message' && one.message?.ephemeral_to === user));
    return opens(news) ? news.stack?.at(-1) : undefined;
  });
}

/** The windows that are open now, the one on top last. The server has one stack for all people. */
export async function openViews(port: number): Promise<readonly LocalView[]> {
  return withPage(port, async (next) => (await next(({ t }) => t === 'init')).state?.modalStack ?? []);
}

/** Fills the window on top in and submits it, as a person does. */
export function submitView(port: number, user: string, typed: Typed): Promise<Submitted> {
  return withPage(port, async (next, send) => {
    await next(({ t }) => t === 'init');
    const values = Object.fromEntries(
      Object.entries(typed).map(([block, fields]) => [
        block,
        Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { type: 'plain_text_input', value }])),
      ]),
    );
    send({ t: 'view_submit', user, values });
    const answer = await next(({ t }) => t === 'view' || t === 'view_errors');
    return answer.t === 'view' ? { state: 'closed' } : { state: 'errors', errors: answer.errors ?? {} };
  });
}

/** Closes the window on top without submitting it. */
export function closeView(port: number, user: string): Promise<void> {
  return withPage(port, async (next, send) => {
    await next(({ t }) => t === 'init');
    send({ t: 'view_close', user });
    await next(({ t }) => t === 'view');
  });
}

type Next = (matches: (news: News) => boolean) => Promise<News>;

async function withPage<T>(port: number, act: (next: Next, send: (message: unknown) => void) => Promise<T>): Promise<T> {
  const socket = new WebSocket(`ws://localhost:${port}/ui`);
  const heard: News[] = [];
  let wake: () => void = () => undefined;
  socket.addEventListener('message', ({ data }) => {
    heard.push(JSON.parse(String(data)) as News);
    wake();
  });
  const limit = AbortSignal.timeout(answerLimitMs);
  const next: Next = async (matches) => {
    for (;;) {
      const found = heard.findIndex(matches);
      const [news] = found === -1 ? [] : heard.splice(0, found + 1).slice(-1);
      if (news !== undefined) return news;
      limit.throwIfAborted();
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), once(limit, 'abort')]);
    }
  };
  try {
    return await act(next, (message) => socket.send(JSON.stringify(message)));
  } finally {
    socket.close();
  }
}
