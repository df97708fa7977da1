import { Terminal } from '../../errors.ts';
import type { Answer, Engine, EngineId, Question } from '../engine.ts';
import { costOf, type Price, priceOf, type Tokens } from '../prices.ts';
import type { Breaker } from './breaker.ts';
import { pauseMs } from './pause.ts';
import type { Heard, LanguageModel, Request } from './port.ts';
import { MAX_OUTPUT_TOKENS, NONE, type Prompt, promptFor, repairNote, versionOf } from './prompt.ts';
import type { PromptFile } from './prompt-file.ts';
import { type Reply, replyFrom } from './reply.ts';
import { type ModelSettings, modelsFor, type Tier } from './settings.ts';
import { temperatureOf } from './temperature.ts';

/** A language model as an engine, and what its answer follows from. */
export interface ModelEngine extends Engine {
  /** The model that is asked first, and every word that it is sent. Undefined: none is asked. */
  readonly asks: (
    question: Question
  ) => { readonly model: string; readonly request: Omit<Request, 'withinMs'> } | undefined;
  /** What an answer may take, if nothing less is given to it. */
  readonly patienceMs: number;
  answer(question: Question, withinMs?: number): Promise<Answer>;
}

export interface ModelEngineOptions {
  readonly name: string;
  readonly tier: Tier;
  /** What the workflow says of the labels. */
  readonly prompt: PromptFile;
  /** A model that is less sure than this, by its own word, abstains. */
  readonly threshold: number;
  readonly settings: ModelSettings;
  /** A model with the key of a tenant. */
  readonly open: (model: string, tenant: string) => LanguageModel;
  /** Kept as long as the process lives. */
  readonly breakerOf: (model: string) => Breaker;
  readonly now: () => Date;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** For an answer, with all that is tried for it. */
  readonly patienceMs: number;
  /** Told of each request that came to nothing: for whoever watches. */
  readonly onFailure?: (model: string, why: string) => void;
}

/** A model is never taken to be surer than this: what it states is no calibrated probability. */
const SUREST = 0.95;
/** Requests that may be charged for, for one answer: the first, and one to repair it or to replace a lost one. */
export const CHARGEABLE = 2;
/** Requests to one model for one answer, those among them that are turned away for free. */
const REQUESTS = 4;
/** With less time than this nothing is begun. */
const LEAST_MS = 500;

/** Whichever way a provider counts its input: a gateway may have prices of its own. */
const mostFor = ({ input, cachedInput, cacheWrite, output }: Price, { mostInputTokens }: Prompt): number => {
  const dearest = Math.max(input, cachedInput, cacheWrite);
  const tokens: Tokens = { input: mostInputTokens, cachedInput: 0, cacheWrite: 0, output: MAX_OUTPUT_TOKENS };
  return costOf({ input: dearest, cachedInput, cacheWrite, output }, tokens);
};

/** What is spent on one answer so far. */
interface Bill {
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  costMicroUsd: number;
  chargeable: number;
}

/**
 * A language model as an engine. It only ever gives a label that was asked about, whatever the text says; it proposes and can do
 * nothing. What goes wrong is an abstention with its reason, so that the next engine or a person has the question. All requests for one
 * answer together cost no more than `mostMicrousd` says, and one whose answer was lost counts in full.
 */
export const modelEngine = (options: ModelEngineOptions): ModelEngine => {
  const { tier, settings, threshold, open, breakerOf, now, random, wait, patienceMs, onFailure } = options;
  const version = versionOf(options.prompt);
  const id: EngineId = { kind: 'model', name: options.name, version };
  const promptOf = (question: Question): Prompt | undefined => promptFor(question, options.prompt.text);

  const priceAt = (model: string, at: Date): Price => {
    const price = priceOf(model, at, settings.prices);
    if (price === undefined)
      throw new Terminal(`${model} has no known price, so it is not asked: give one in the configuration`);
    return price;
  };
  const mostOf = (model: string, prompt: Prompt): number => mostFor(priceAt(model, now()), prompt);

  const charge = (bill: Bill, model: string, prompt: Prompt, heard: Heard): void => {
    if (heard.kind === 'failed' && !heard.mayCost) return;
    const tokens = heard.kind === 'failed' ? undefined : heard.tokens;
    bill.chargeable += 1;
    bill.inputTokens += tokens ? tokens.input + tokens.cachedInput + tokens.cacheWrite : 0;
    bill.cachedTokens += tokens?.cachedInput ?? 0;
    bill.outputTokens += tokens?.output ?? 0;
    bill.costMicroUsd += tokens ? costOf(priceAt(model, now()), tokens) : mostOf(model, prompt);
  };

  const answerFrom = (engine: EngineId, bill: Bill) => {
    const { chargeable, ...usage } = bill;
    const common = { engine, ...(chargeable > 0 && { usage }) };
    return {
      abstain: (reason: string, guess: Partial<Pick<Answer, 'label' | 'confidence'>> = {}): Answer => ({
        ...common,
        label: guess.label,
        confidence: guess.confidence ?? 0,
        abstained: true,
        reason,
      }),
      give: (label: string, confidence: number): Answer => ({ ...common, label, confidence, abstained: false }),
    };
  };

  /** What could be understood, as an answer. */
  const answerTo = (
    reply: Exclude<Reply, { readonly kind: 'unusable' }>,
    { abstain, give }: ReturnType<typeof answerFrom>
  ): Answer => {
    if (reply.kind === 'none') return abstain('none-fits', { confidence: 0 });
    const confidence = Math.min(reply.confidence, SUREST);
    return confidence < threshold
      ? abstain('unsure', { label: reply.label, confidence })
      : give(reply.label, confidence);
  };

  const requestOf = (model: string, { system, text, schema }: Prompt) => ({
    system,
    text,
    schema,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    temperature: temperatureOf(model, settings),
  });

  /** Puts the question to one model. Undefined: it cannot be had, and another may be tried. */
  const askOne = async (model: string, question: Question, prompt: Prompt, bill: Bill, untilMs: number) => {
    const engine = { kind: 'model' as const, name: model, version };
    const breaker = breakerOf(model);
    let problem: string | undefined;
    for (let request = 1; request <= REQUESTS && bill.chargeable < CHARGEABLE; request += 1) {
      const withinMs = untilMs - now().getTime();
      if (withinMs < LEAST_MS || !breaker.allows(now().getTime())) break;
      const heard = await open(model, question.tenant ?? '').ask({
        ...requestOf(model, prompt),
        ...(problem !== undefined && { note: repairNote(problem) }),
        withinMs,
      });
      charge(bill, model, prompt, heard);
      breaker.note(heard.kind === 'failed', now().getTime());
      const answers = answerFrom(engine, bill);
      if (heard.kind === 'declined') return answers.abstain('declined');
      if (heard.kind === 'failed') {
        onFailure?.(model, heard.why);
        const pause = pauseMs(request, heard.afterMs, random());
        if (!heard.isPassing || pause === undefined || now().getTime() + pause + LEAST_MS > untilMs) return undefined;
        await wait(pause);
        continue;
      }
      const reply =
        heard.kind === 'said'
          ? replyFrom(heard.text, question.labels)
          : { kind: 'unusable' as const, problem: 'it did not come to an end: be brief.' };
      if (reply.kind !== 'unusable') {
        // not what had to be repaired: the same request does not come to that
        const isRepeatable = heard.kind === 'said' && heard.isRepeatable && bill.chargeable === 1;
        return { ...answerTo(reply, answers), ...(isRepeatable && { isRepeatable }) };
      }
      if (problem !== undefined || bill.chargeable >= CHARGEABLE) return answers.abstain('unusable');
      problem = reply.problem;
    }
    return problem === undefined ? undefined : answerFrom(engine, bill).abstain('unusable');
  };

  return {
    id,
    mostMicrousd(question) {
      const prompt = promptOf(question);
      if (prompt === undefined) return 0; // it is not asked then
      const models = modelsFor(settings, tier, question.tenant);
      return CHARGEABLE * Math.max(0, ...models.map((model) => mostOf(model, prompt)));
    },
    patienceMs,
    asks(question) {
      const [model] = modelsFor(settings, tier, question.tenant);
      const prompt = promptOf(question);
      return model === undefined || prompt === undefined ? undefined : { model, request: requestOf(model, prompt) };
    },
    async answer(question, givenMs = patienceMs) {
      const bill: Bill = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costMicroUsd: 0, chargeable: 0 };
      if (question.labels.includes(NONE)) throw new Terminal(`no label may be called ${NONE}`);
      const models = modelsFor(settings, tier, question.tenant);
      if (models.length === 0) return answerFrom(id, bill).abstain('no-model');
      const prompt = promptOf(question);
      if (prompt === undefined) return answerFrom(id, bill).abstain('too-long');
      const untilMs = now().getTime() + givenMs;
      for (const model of models) {
        const answer = await askOne(model, question, prompt, bill, untilMs);
        if (answer === undefined) continue;
        // what another model said since the first could not be had is not what the first would say
        const { isRepeatable, ...once } = answer;
        return isRepeatable && model === models[0] ? answer : once;
      }
      return answerFrom(id, bill).abstain('unavailable');
    },
  };
};
