import type { Tokens } from '../prices.ts';

/** One request to a language model: nothing else goes to it. */
export interface Request {
  /** Instructions: the same for every text of a step, so that a provider may keep what it made of them. */
  readonly system: string;
  /** What is to be said of this request alone, after the instructions. */
  readonly note?: string;
  /** The data, encoded. */
  readonly text: string;
  /** A JSON schema of the answer. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly maxOutputTokens: number;
  /** Absent where the model takes none: then another answer to the same request may be another. */
  readonly temperature: 0 | undefined;
  /** For the whole call, to the answer's last byte. */
  readonly withinMs: number;
}

/** Why there was no answer. Words of ours: never what a provider said. */
export type Failure =
  | 'rate-limited'
  | 'overloaded'
  | 'server-error'
  | 'timed-out'
  | 'cut-off'
  | 'unreadable'
  | 'too-large'
  | 'unreachable'
  | 'key-refused'
  | 'no-key'
  | 'request-refused';

/** What came of a request. */
export type Heard =
  /** `tokens` is absent where the provider did not say: then it is charged in full. */
  | {
      readonly kind: 'said';
      readonly text: string;
      readonly tokens?: Tokens;
      /** It was made at the temperature 0, as its client says: the same request would very probably have the same answer. */
      readonly isRepeatable?: true;
    }
  /** It would not answer, or its provider would not let it. */
  | { readonly kind: 'declined'; readonly tokens?: Tokens }
  /** It did not come to an end within the tokens that it had. */
  | { readonly kind: 'cut-short'; readonly tokens?: Tokens }
  | {
      readonly kind: 'failed';
      readonly why: Failure;
      /** Whether it may have been charged for: then we count it as charged. */
      readonly mayCost: boolean;
      /** Whether the same request may do better. */
      readonly isPassing: boolean;
      /** When, as the provider says. */
      readonly afterMs?: number;
    };

/** A language model behind a network. Never rejects: whatever goes wrong is an answer too. */
export interface LanguageModel {
  ask(request: Request): Promise<Heard>;
}
