/** An answer to a question, in a form that Slack and a terminal both can show. */

/** One cell's alignment follows its column: numbers stand right. */
export interface Table {
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

/** A part of an answer. */
export type AnswerPart =
  | { readonly type: 'sentence'; readonly text: string }
  | { readonly type: 'table'; readonly table: Table }
  /** Text from a host or a key: shown as it is, never as markup. */
  | { readonly type: 'verbatim'; readonly text: string };

/** What a query says. `headline` is the sentence that decides; `next` the next right action. */
export interface Answer {
  readonly headline: string;
  readonly parts: readonly AnswerPart[];
  readonly next?: string;
}
