/** What a step asks: which of these labels fits this text? The text is data from outside, whoever wrote it. */
export interface Question {
  readonly text: string;
  readonly labels: readonly string[];
}

/** Which engine answered, exactly: it goes into the audit. `version` is a digest or a model's own version. */
export interface EngineId {
  readonly kind: 'rules' | 'classifier' | 'model';
  readonly name: string;
  readonly version: string;
}

/** What a model call used; rules and classifiers use nothing and leave it out. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly costMicroUsd: number;
}

/**
 * An engine's answer. `label` is its best guess, also where it abstains; `confidence` is a calibrated probability
 * (0 to 1) that the label is right; `abstained` says that the engine would rather have somebody else decide.
 */
export interface Answer {
  readonly label: string | undefined;
  readonly confidence: number;
  readonly abstained: boolean;
  readonly engine: EngineId;
  readonly rule?: string;
  readonly usage?: Usage;
}

/** Answers a step: rules, an embedded classifier, or a model behind a network. Which one is the release's business. */
export interface Engine {
  readonly id: EngineId;
  /** The most that an answer may cost, in whole micro-dollars: set aside before it is asked. Absent: it costs nothing. */
  readonly mostMicrousd?: number;
  answer(question: Question): Promise<Answer>;
}
