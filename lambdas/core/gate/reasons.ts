/*
 * Why the rules exist that are nobody's policy: those of the gate itself, of budgets and stops, and of how executions end. Rules of
 * a workflow say it themselves, in their `because`.
 */

/** By rule id, a sentence for whoever asks later. */
export const STANDING_REASONS: Readonly<Record<string, string>> = {
  ELIGIBILITY_UNSURE: 'No engine was sure whether this is a task for the workflow, so a person decides.',
  CLASSIFIED_NOT_ELIGIBLE: 'An engine was sure that this is no task for the workflow.',
  CLASSIFIED_ELIGIBLE: 'An engine was sure that this is a task for the workflow.',
  NOTHING_AGAINST_IT: 'Nothing in the text spoke against it.',
  ENGINE_ABSTAINED: 'The engine would rather have a person decide than be wrong.',
  NOT_A_WRITE_TOOL: 'What was proposed is no tool that may write here.',
  ARGUMENTS_DO_NOT_FIT: 'The arguments do not fit what the tool takes.',
  PROVENANCE_NOT_AS_DECLARED: 'An argument does not come from where the workflow says that it must come from.',
  FACT_MISSING: 'A rule asks for something that nobody knew, and what is not known is not permitted.',
  DEFAULT_DENY: 'No rule permits it, and what no rule permits is refused.',
  ACTION_HAS_ANOTHER_WRIT: 'The action had been authorised with other arguments, and is authorised once.',
  EFFECT_NOT_SEEN: 'What was read back does not show what was authorised.',
  STOPPED_GLOBAL: 'An operator had stopped everything.',
  STOPPED_TENANT: 'An operator had stopped the tenant.',
  STOPPED_WORKFLOW: 'An operator had stopped the workflow.',
  STOPPED_SCOPE: 'An operator had stopped the scope of the tool.',
  BUDGET_RUN: 'A run may spend so much and no more.',
  BUDGET_WORKFLOW_DAY: 'A workflow may spend so much a day and no more.',
  BUDGET_TENANT_DAY: 'A tenant may spend so much a day and no more.',
  RATE_TOOL_MINUTE: 'A tenant may have the tool used so often a minute and no more.',
  RATE_TOOL_HOUR: 'A tenant may have the tool used so often an hour and no more.',
  RATE_TOOL_DAY: 'A tenant may have the tool used so often a day and no more.',
  EXECUTION_FAILED: 'The execution failed before it had closed the run.',
  EXECUTION_TIMED_OUT: 'The execution took longer than it may before it had closed the run.',
  EXECUTION_ABORTED: 'Somebody ended the execution before it had closed the run.',
};
