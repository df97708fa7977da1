import * as z from 'zod';
import { PromptFile } from './engine/model/prompt-file.ts';
import { ModelSettings, Tier } from './engine/model/settings.ts';
import { TextRule } from './engine/rules.ts';
import { PolicyRule } from './gate/policy.ts';
import { Limits } from './limits/declared.ts';
import { Mode } from './mode.ts';
import { Digest, RuleId, ToolName, WorkflowName } from './names.ts';

/*
 * A workflow's data: what its shared step bundles need to know to serve this workflow and no other. Synthesis writes it
 * beside each bundle as `workflow.json`, so a published function version pins it; each step parses it once, at start.
 */

const FieldName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,39}$/, 'a field must be 1 to 40 letters and digits');

/** One field of a task's input. All fields are strings: a task is somebody's words and the ids they concern. */
export const InputField = z.strictObject({
  name: FieldName,
  /** `at-submission`: the API refuses a task without it. `before-routing`: Route asks for it. `never`: optional. */
  needed: z.enum(['at-submission', 'before-routing', 'never']),
  maxLength: z.int().positive().max(32_768),
  /** A whole-string pattern for ids. Ours, never from outside. */
  pattern: z.string().optional(),
  /** What a person should send, as it stands in error messages: "an issue key such as OPS-12". */
  expected: z.string(),
  /** An id may travel through Step Functions; content may not. */
  isId: z.boolean(),
  /** The rule that a missing field is asked under, and the question. Only with `before-routing`. */
  ask: z.strictObject({ rule: RuleId, question: z.string() }).optional(),
});
export type InputField = z.infer<typeof InputField>;

/** What the API has to know of a workflow's input. */
export const TaskShape = z.strictObject({ fields: z.array(InputField).min(1) });
export type TaskShape = z.infer<typeof TaskShape>;

/** Where a value stands: in the task's input, or in a field of a tool's answer. */
const Place = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('user'), field: FieldName }),
  z.strictObject({ from: z.literal('record'), tool: ToolName, field: FieldName }),
]);
export type Place = z.infer<typeof Place>;

/** Where an argument of an action comes from: a place, or the engine's own answer. */
export const ArgumentSource = z.discriminatedUnion('from', [
  ...Place.options,
  z.strictObject({ from: z.literal('composed') }),
]);
export type ArgumentSource = z.infer<typeof ArgumentSource>;

export const EngineSpec = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rules'), name: z.string(), rules: z.array(TextRule) }),
  z.strictObject({ kind: z.literal('classifier'), name: z.string(), file: z.string(), digest: Digest }),
  z.strictObject({
    kind: z.literal('model'),
    name: z.string(),
    /** How able a model it takes. Which one that is, the deployment says. */
    tier: Tier,
    /** Of what a model says of itself: below it, it abstains. */
    threshold: z.number().min(0).max(0.95),
    prompt: PromptFile,
  }),
]);
export type EngineSpec = z.infer<typeof EngineSpec>;

const Cascade = z.strictObject({
  labels: z.array(z.string()).min(1),
  /** Asked in this order: cheap ones first. The first that does not abstain answers. */
  engines: z.array(EngineSpec).min(1),
});

export const Workflow = z.strictObject({
  workflow: WorkflowName,
  mode: Mode,
  input: TaskShape,
  eligibility: Cascade.extend({
    /** Which input fields are looked at, in this order. */
    text: z.array(FieldName).min(1),
    /** What it means when every engine abstains: with rules alone, that nothing spoke against it. */
    whenUnsure: z.enum(['eligible', 'unsure']),
  }),
  proposal: Cascade.extend({
    text: z.array(Place).min(1),
    tool: ToolName,
    arguments: z.record(FieldName, ArgumentSource),
  }),
  policy: z.array(PolicyRule).min(1),
  limits: Limits,
  /** Which models the tiers are. Absent: no step asks one. */
  models: ModelSettings.optional(),
});
/** A workflow's data as its folder declares it. */
export type Workflow = z.infer<typeof Workflow>;

export const WorkflowRelease = Workflow.extend({
  /** Digest of everything that decides behaviour; a run is pinned to it. */
  release: Digest,
});
/** A workflow's data as it is deployed: `workflow.json`. */
export type WorkflowRelease = z.infer<typeof WorkflowRelease>;

/** Why the workflow's own rules exist, by their id: of its policy and of its caps, in the words of whoever wrote them. */
export const reasonsOf = ({ policy, limits }: Pick<Workflow, 'policy' | 'limits'>): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...policy.map(({ id, because }) => [id, because] as const),
    ...limits.caps.map(({ rule, because }) => [rule, because] as const),
  ]);
