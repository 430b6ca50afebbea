/** What Slack takes at most. Characters are counted as JavaScript counts them, which is never fewer than Slack does. */

/**
 * Limits of messages and blocks.
 * https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/block-kit/block-elements,
 * https://docs.slack.dev/changelog/2018-04-truncating-really-long-messages
 */
export const limits = {
  blocksPerMessage: 50,
  sectionTextCharacters: 3000,
  sectionFieldCharacters: 2000,
  sectionFields: 10,
  contextElements: 10,
  contextTextCharacters: 2000,
  actionsElements: 25,
  buttonTextCharacters: 75,
  buttonValueCharacters: 2000,
  confirmTitleCharacters: 100,
  confirmTextCharacters: 300,
  confirmButtonCharacters: 30,
  idCharacters: 255,
  /** Of a window: https://docs.slack.dev/reference/views/modal-views */
  blocksPerView: 100,
  viewTitleCharacters: 24,
  viewButtonCharacters: 24,
  privateMetadataCharacters: 3000,
  inputLabelCharacters: 2000,
  /** Of the text beside the blocks; above about 4000 an edit is refused with msg_too_long. */
  messageTextCharacters: 3900,
  /** Not documented for rich text as a whole; kept at what a section may hold. */
  richTextCharacters: 3000,
  /** Of all blocks together: above about 13,000 Slack answers msg_blocks_too_long. */
  messageCharacters: 12_000,
  metadataCharacters: 8000,
  fileTitleCharacters: 255,
  /** Edits of one message may come this often: https://docs.slack.dev/apis/web-api/rate-limits */
  editGapMs: 1_000,
  /** Deliveries of one event are repeated for about this long: https://docs.slack.dev/apis/events-api/#retries */
  redeliveryMs: 11 * 60_000,
} as const;
