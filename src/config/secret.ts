/** A value that cannot be logged by accident: printed, serialised or inspected it says only that it is a secret. */
import { inspect } from 'node:util';

const shown = '[secret]';

/** Holds a token or a password. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.freeze(this);
  }

  /** The value itself, for the one call that needs it. Never keep it, never put it into a message. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
