import { describe, expect, it } from 'vitest';
import type { Workflow } from '../../lambdas/core/workflow.ts';
import type { Bundles } from '../../lib/bundle.ts';
import { bundleName, DEPLOYED_STEPS } from '../../lib/functions.ts';
import { openPrompts, promptFolder } from '../../lib/prompts.ts';
import { releaseOf } from '../../lib/release.ts';
import type { WorkflowDefinition } from '../../statemachines/definition.ts';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';

const names = [...DEPLOYED_STEPS.map(bundleName.step), 'tools-jira-read', 'tools-jira-write'];
const bundles = (changed?: string): Bundles =>
  new Map(names.map((name) => [name, { name, code: new Uint8Array(), digest: `${name}-${name === changed}` }]));

const examples = [
  { text: 'vpn', label: 'Network' },
  { text: 'mail', label: 'Email' },
  { text: 'buy now', label: 'not-eligible' },
];
const shared = { tenantDayMicrousd: 1_000, shards: { tenant: 4, workflow: 4 } };
const { render } = openPrompts(promptFolder(ticketTriage));
const dataWith = (digest = 'a', mode: Workflow['mode'] = 'shadow'): Workflow =>
  ticketTriage.data({
    mode,
    shared,
    examples,
    trainedFor: (step) => [{ kind: 'classifier', name: step, file: `${step}.model`, digest: digest.repeat(64) }],
    tiers: [],
    render,
  });
const base = releaseOf(ticketTriage, dataWith(), bundles()).release;
const withPolicy = (data: Workflow): Workflow => ({ ...data, policy: data.policy.slice(1) });
const renamed: WorkflowDefinition = {
  ...ticketTriage,
  machine: (callees) => ({ ...ticketTriage.machine(callees), TimeoutSeconds: 1 }),
};

describe('a release', () => {
  it('is the same for the same workflow', () => {
    expect(releaseOf(ticketTriage, dataWith(), bundles()).release).toBe(base);
  });

  it.each(names)('changes with the code of %s', (name) => {
    expect(releaseOf(ticketTriage, dataWith(), bundles(name)).release).not.toBe(base);
  });

  it.each([
    ['a model', ticketTriage, dataWith('b')],
    ['the mode', ticketTriage, dataWith('a', 'autopilot')],
    ['the policy', ticketTriage, withPolicy(dataWith())],
    ['the states', renamed, dataWith()],
  ] as const)('changes with %s', (_, definition, data) => {
    expect(releaseOf(definition, data, bundles()).release).not.toBe(base);
  });
});

describe('the data of ticket triage', () => {
  it('asks rules first, and is unsure where neither they nor the classifier know', () => {
    const { eligibility } = dataWith();
    expect(eligibility.engines.map(({ kind }) => kind)).toEqual(['rules', 'classifier']);
    expect(eligibility.whenUnsure).toBe('unsure');
  });

  it('has no eligibility classifier where no example is off-topic, and lets what no rule knows pass', () => {
    const tickets = examples.filter(({ label }) => label !== 'not-eligible');
    expect(ticketTriage.classifiers(tickets).map(({ name }) => name)).toEqual(['queue']);
    const { eligibility } = ticketTriage.data({
      mode: 'shadow',
      shared,
      examples: tickets,
      trainedFor: () => [],
      tiers: [],
      render,
    });
    expect(eligibility.engines.map(({ kind }) => kind)).toEqual(['rules']);
    expect(eligibility.whenUnsure).toBe('eligible');
  });

  it('teaches both classifiers what is no ticket, and gives none of it a queue', () => {
    const [eligibility, queue] = ticketTriage.classifiers(examples);
    expect(eligibility?.examples.map(({ label }) => label)).toEqual(['eligible', 'eligible', 'not-eligible']);
    expect(queue?.examples).toEqual(examples);
    expect(dataWith().proposal.labels).toEqual(['Email', 'Network']);
  });
});
