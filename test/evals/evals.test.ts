import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { trainProposer } from '../../evals/proposer.ts';
import { evaluateRouter, renderRouter } from '../../evals/router.ts';
import { DataError, readRows } from '../../evals/rows.ts';
import { evaluateTickets, renderTickets } from '../../evals/tickets.ts';
import { predict } from '../../lambdas/core/engine/classifier/model.ts';
import { train } from '../../lambdas/core/engine/classifier/train.ts';
import { ticketsOf } from '../core/engine/classifier/examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'writ-evals-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string, content: string): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

const evaluate = (...given: readonly string[]) => {
  const { WRIT_DATA: _, ...env } = process.env;
  return promisify(execFile)(process.execPath, ['evals/main.ts', ...given], { env });
};

describe('the proposer', () => {
  it('says through Propose what the model says', async () => {
    const tickets = ticketsOf(90, { noise: 0.4 });
    const proposer = trainProposer(tickets);
    const model = train(tickets);

    for (const { text } of ticketsOf(30, { noise: 0.6, seed: 4 }))
      expect(await proposer.propose(text)).toEqual(predict(model, text));
    expect(proposer.threshold).toBe(model.threshold);
  });
});

describe('the tickets evaluation', () => {
  it('counts each ticket once, and trades escalations for right answers', async () => {
    const report = await evaluateTickets(ticketsOf(300, { noise: 0.6 }));
    const { curve, atDefault } = report;

    expect(report).toMatchObject({ rows: 300, labels: 3 });
    expect(curve[0]).toMatchObject({ threshold: 0, escalated: 0 });
    expect(curve.map(({ escalated }) => escalated)).toEqual(
      curve.map(({ escalated }) => escalated).sort((a, b) => a - b)
    );
    expect(atDefault.rightOfAssigned).toBeGreaterThan(curve[0]?.rightOfAssigned ?? 1);
    expect(atDefault.escalated).toBeGreaterThan(0);
    expect(renderTickets(report)).toContain('300 tickets, 3 queues');
  });
});

describe('the router evaluation', () => {
  const isOut = ({ label }: { label: string }) => label === 'Access';

  it('judges what is in scope by its label, and what is not by being left alone', async () => {
    const report = await evaluateRouter(ticketsOf(150), ticketsOf(60, { seed: 2 }), 'Access');

    expect(report).toMatchObject({ rows: 60, labels: 2 });
    expect(report.inScopeAccuracy).toBeGreaterThan(0.9);
    expect(report.oosRecall).toBeGreaterThan(0.9);
    expect(report.auroc).toBeGreaterThan(0.9);
    expect(renderRouter(report)).toContain('out of scope');
  });

  it('shows what other thresholds would make of it, and withholds more where wrong answers cost more', async () => {
    const [cheap, dear] = await Promise.all(
      [1, 8].map((cost) =>
        evaluateRouter(ticketsOf(150, { noise: 0.6 }), ticketsOf(90, { noise: 0.6, seed: 2 }), 'Access', cost)
      )
    );
    const given = cheap?.curve.map(({ inScopeAccuracyAssigned }) => inScopeAccuracyAssigned) ?? [];
    const withheld = cheap?.curve.map(({ oosRecall }) => oosRecall ?? 0) ?? [];

    expect(given).toEqual(given.toSorted((a, b) => b - a));
    expect(withheld).toEqual(withheld.toSorted((a, b) => a - b));
    expect(dear).toMatchObject({ wrongCost: 8, inScopeAccuracy: cheap?.inScopeAccuracy });
    expect(dear?.oosRecall).toBeGreaterThan(cheap?.oosRecall ?? 1);
    expect(dear?.inScopeAccuracyAssigned).toBeLessThan(cheap?.inScopeAccuracyAssigned ?? 0);
  });

  it('says nothing of what is out of scope where nothing is', async () => {
    const report = await evaluateRouter(ticketsOf(90), ticketsOf(30, { seed: 2 }), undefined);

    expect(report).not.toHaveProperty('oosRecall');
    expect(report).not.toHaveProperty('auroc');
  });

  it('wants something in scope', async () => {
    await expect(evaluateRouter(ticketsOf(90), ticketsOf(30).filter(isOut), 'Access')).rejects.toThrow(DataError);
  });
});

describe('rows', () => {
  it('are read line by line, without blank lines and blank texts', () => {
    const file = fileOf('good.jsonl', '{"text":"a","label":"x","id":1}\n\n{"text":" ","label":"x"}\n');

    expect(readRows(file)).toEqual([{ text: 'a', label: 'x' }]);
  });

  it.each([
    ['broken JSON', '{"text":"a","label":"x"}\n{"text"', /line 2 must be a JSON object/],
    ['no label', '{"text":"a"}', /line 1 must be a JSON object/],
    ['nothing', '\n', /has no rows/],
  ])('with %s are refused', (name, content, message) => {
    expect(() => readRows(fileOf(`${name}.jsonl`, content))).toThrow(message);
  });
});

const rowsOf = (count: number): string =>
  ticketsOf(count)
    .map((row) => JSON.stringify(row))
    .join('\n');

describe('the command', () => {
  it('skips in plain words where there is nothing to judge by', async () => {
    expect((await evaluate('tickets')).stdout).toMatch(/^skipped: no tickets to judge by/);
  });

  it('prints a report as JSON', async () => {
    const file = fileOf('tickets.jsonl', rowsOf(60));
    const { stdout } = await evaluate('tickets', '--data', file, '--json');

    expect(JSON.parse(stdout)).toMatchObject({ rows: 60, labels: 3 });
  });

  it.each([
    [['tickets', '--data', '/nowhere.jsonl'], '/nowhere.jsonl cannot be read'],
    [
      ['router', '--train', fileOf('r.jsonl', rowsOf(30)), '--test', fileOf('s.jsonl', rowsOf(9)), '--wrong-cost', '0'],
      'a wrong answer must cost at least as much as an escalation',
    ],
    [['tickets', '--data', fileOf('one.jsonl', '{"text":"a","label":"x"}')], 'these rows cannot train a classifier'],
  ])('fails in one line, without a stack: %j', async (given, message) => {
    const failure = await evaluate(...given).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
    expect(failure).toMatchObject({ stderr: expect.not.stringContaining('    at ') });
  });
});
