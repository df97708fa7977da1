/** What a step asks: which of these labels fits this text? The text is data from outside, whoever wrote it. */
export interface Question {
  readonly text: string;
  readonly labels: readonly string[];
  /** Whose text it is: a tenant may have models and keys of its own. */
  readonly tenant?: string;
}

/** Which engine answered, exactly: it goes into the audit. `version` is a digest or a model's own version. */
export interface EngineId {
  readonly kind: 'rules' | 'classifier' | 'model';
  readonly name: string;
  readonly version: string;
}

/** What model calls used; rules and classifiers use nothing and leave it out. Calls whose answer was lost count, as far as is known. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly costMicroUsd: number;
}

/** One engine of a cascade, and what came of it for one question. */
export type Stage =
  | {
      readonly state: 'answered' | 'abstained';
      readonly engine: string;
      readonly confidence: number;
      readonly reason?: string;
      /** When the answer was given, where it was one that had been kept: it cost nothing now. */
      readonly cachedAt?: string;
      readonly costMicroUsd: number;
      readonly latencyMs: number;
    }
  /** What it would have cost at most, for the same question. */
  | { readonly state: 'not-asked'; readonly engine: string; readonly mostMicroUsd: number };

/**
 * An engine's answer. `label` is its best guess, also where it abstains; `confidence` is a probability (0 to 1) that the label is
 * right: calibrated on held-out examples where a classifier gives it, and no more than what it says of itself where a model does.
 * `abstained` says that the engine would rather have somebody else decide.
 */
export interface Answer {
  readonly label: string | undefined;
  readonly confidence: number;
  readonly abstained: boolean;
  readonly engine: EngineId;
  readonly rule?: string;
  /** Why it abstained, where there is more to say than that it is not sure. */
  readonly reason?: string;
  readonly usage?: Usage;
  /** Whole, at the first word and at the temperature 0: so that it may be given again to the same question. */
  readonly isRepeatable?: true;
  /** When it was given, where it is one that had been kept: then nothing was used. */
  readonly cachedAt?: string;
  /** Where several engines were there to be asked: each of them, in order. */
  readonly stages?: readonly Stage[];
}

/** Answers a step: rules, an embedded classifier, or a model behind a network. Which one is the release's business. */
export interface Engine {
  readonly id: EngineId;
  /** The most that an answer to this may cost, in whole micro-dollars: set aside before it is asked. Absent: it costs nothing. */
  readonly mostMicrousd?: (question: Question) => number;
  /** What its engines come to without any cost: those that are free, and what others have kept. Undefined where that does not settle it. Absent: never. */
  readonly free?: (question: Question) => Promise<Answer | undefined>;
  /** The answer that it gave before to the same, at no cost; undefined where none is kept. Absent: it keeps none. */
  readonly recall?: (question: Question) => Promise<Answer | undefined>;
  answer(question: Question): Promise<Answer>;
}
