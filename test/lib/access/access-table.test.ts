import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { synth } from '../../../lib/synth.ts';
import { type Asked, askAssembly, matrixOf, type Row, rolesIn, tableOf } from './matrix.ts';
import { sensitiveRows } from './rows.ts';

let folder: string;
let asked: Asked;
let rows: readonly Row[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-access-'));
  const { directory } = await synth({ outdir: join(folder, 'cdk.out') });
  asked = askAssembly(directory);
  rows = sensitiveRows(asked.deployment);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = `# Who may do what

Every role of the deployed app against everything that would matter if the wrong role could do it, as the policies of the synthesised template decide. A test makes this table anew
and compares; a change of a grant shows here, or the test fails: \`npx vitest run test/lib/access -u\` writes it again.

\`r\` GetItem, \`q\` Query, \`p\` PutItem, \`u\` UpdateItem, \`d\` DeleteItem, \`c\` ConditionCheckItem, each on that partition alone, and of the archive the like of objects; \`·\` nothing. \`crm:write\`, \`refunds\` and the like stand for
scopes, tools and workflows that are not the role's own.
`;

/** What the roles for which this holds may do on the rows about this. */
const may = (role: RegExp, about: RegExp): string => {
  const names = [...rolesIn(asked.deployment).keys()];
  const cells = matrixOf(rows, asked);
  const found = rows.flatMap((row, at) =>
    about.test(row.about) ? names.flatMap((name, column) => (role.test(name) ? (cells[at]?.[column] ?? '') : '')) : []
  );
  expect(found.length).toBeGreaterThan(0); // else the expression means nothing that is there
  return [...new Set(found.join(''))].sort().join('');
};

it('is as it is written down', async () => {
  await expect(`${HEAD}\n${tableOf(rows, asked)}\n`).toMatchFileSnapshot('../../../docs/access.md');
});

it('lets nobody do more to the audit than put and query', () => {
  expect(may(/./, /^audit/)).toBe('pq');
  expect(may(/^(?!API|archiver)/, /^audit/)).toBe('p');
});

it('lets the archiver read the audit and put what is not there yet, and nobody else reach the archive', () => {
  expect(may(/^archiver$/, /^(audit|index `by-day`)/)).toBe('q');
  expect(may(/^archiver$/, /^archive `chains/)).toBe('pq');
  expect(may(/^archiver$/, /^archive `(leaves|roots)/)).toBe('pqr');
  expect(may(/^archiver$/, /^(state|secret|invoke|archive `else)|archive$|archive's|^index `by-tenant/)).toBe('');
  expect(may(/^(?!archiver)/, /archive|by-day|through S3/)).toBe('');
});

it('lets steps that ask engines reach no secret, no tool and no writ, and see the controls over their runs alone', () => {
  expect(may(/^(route|propose)$/, /secret|invoke|assume|`(WRIT|CLAIM)#/)).toBe('');
  expect(may(/^(route|propose)$/, /`CONTROL#(global|tenant|workflow:ticket-triage)/)).toBe('qr');
  expect(may(/^(route|propose)$/, /`CONTROL#(workflow:refunds|scope)/)).toBe('');
});

it('lets the API alone set controls, and a read scope see those over it alone', () => {
  expect(may(/^(?!API)/, /^state `CONTROL#/)).not.toMatch(/[pud]/);
  expect(may(/^API$/, /^state `CONTROL#/)).toContain('p');
  expect(may(/^jira:read$/, /^state `CONTROL#(global|tenant|workflow|scope:jira:read)/)).toBe('qr');
  expect(may(/^jira:read$/, /^state `CONTROL#scope:(jira:write|crm)/)).toBe('');
});

it("lets Decide issue writs for its own workflow's scopes alone, and nobody else any", () => {
  expect(may(/^decide$/, /^state `WRIT#jira/)).toContain('p');
  expect(may(/^(?!decide)/, /^state `WRIT#/)).not.toMatch(/[pud]/);
  expect(may(/./, /^state `(WRIT|READ)#crm/)).toBe('');
  expect(may(/^(?!API)/, /^state `CLAIM#crm/)).toBe('');
  expect(may(/^API$/, /^state `CLAIM#/)).toBe('qr'); // a stop's answer tells what is executing under it
});

it('lets the API alone say what people decided, Approve alone ask them, and Decide look and check', () => {
  expect(may(/^API$/, /^state `APPROVAL#/)).toBe('pqr');
  expect(may(/^(?!API)/, /^state `APPROVAL#/)).not.toMatch(/[pud]/);
  expect(may(/^decide$/, /^state `APPROVAL#/)).toBe('cqr');
  expect(may(/^approve$/, /^state `REQUEST#/)).toBe('p');
  expect(may(/^(?!approve|API)/, /^state `REQUEST#/)).toBe('');
  expect(may(/^API$/, /^state `REQUEST#/)).toBe('cqr'); // it shows them, and finds the task token there
  expect(may(/^approve$/, /^state `(APPROVAL|WRIT|CLAIM|CONTROL|PLAN|INPUT)#|secret|invoke|assume|task token/)).toBe(
    ''
  );
  expect(may(/^(?!API)/, /answer a task token/)).toBe('');
});

it('lets the API alone choose what serves and see what was counted for it', () => {
  expect(may(/^(?!API)/, /^state `ROLLOUT#/)).toBe('');
  expect(may(/^API$/, /^state `ROLLOUT#/)).toBe('pqr');
  expect(may(/^API$/, /^state `BUDGET#run:/)).toBe('qr');
  expect(may(/^API$/, /^state `BUDGET#(workflow|tenant)/)).toBe('');
});

it("lets a write scope read its writs, write its claims, check controls and that a run is open, and take its own tenant's secret: nothing else", () => {
  const own = /^state `(WRIT#jira|CLAIM#jira|CONTROL#|RUN#)|through DynamoDB|for a tenant/;
  const others = rows.filter(({ about }) => !own.test(about)).map(({ about }) => about);
  const cells = matrixOf(rows, asked);
  const column = [...rolesIn(asked.deployment).keys()].indexOf('jira:write');
  expect(rows.flatMap(({ about }, at) => (others.includes(about) && cells[at]?.[column] ? [about] : []))).toEqual([]);
  expect(may(/^jira:write$/, /^state `WRIT#jira/)).toBe('cqr');
  expect(may(/^jira:write$/, /^state `CLAIM#jira/)).toBe('pqr');
  expect(may(/^jira:write$/, /^state `(CONTROL|RUN)#/)).toBe('c');
  expect(may(/^jira:write$/, /JiraRead for a tenant/)).toBe('');
});

it('lets an undo be started by the API alone, answered by nobody, and surveyed by what writes nothing but runs', () => {
  expect(may(/^API$/, /^start an undo/)).not.toBe('');
  expect(may(/^(?!API)/, /^start an/)).toBe('');
  expect(may(/./, /token of an undo/)).toBe('');
  expect(may(/^survey$/, /^state `(?!RUN#)/)).not.toMatch(/[pudc]/);
  expect(may(/^survey$/, /secret|invoke|assume|`(CONTROL|INPUT|PLAN|BUDGET|RATE)#/)).toBe('');
  expect(may(/^decide$/, /^state `CLAIM#jira/)).toBe('qr');
  expect(may(/^undo machine$/, /^invoke (a version of )?(propose|route|ask|approve|reap)\b/)).toBe('');
  expect(may(/machine$/, /^invoke .* without a version|^invoke a version of (reap|archiver|token|API)$/)).toBe('');
  expect(may(/^undo machine$/, /^(state|audit|secret|index)/)).toBe('');
});

it("lets only the scope's own session of a tenant have that tenant's secret", () => {
  expect(may(/^secret of jira:read$/, /^secret of jira\/read, its own/)).not.toBe('');
  expect(may(/./, /another tenant|no tenant \(|, no tenant/)).toBe('');
  expect(may(/^(?!secret)/, /^secret of/)).toBe('');
});

it('lets nobody scan, delete, pass roles, or change code, policies and machines', () => {
  expect(may(/./, /scan|delete|nobody names|otherwise|^change|pass a role|stop an execution|without a version/)).toBe(
    ''
  );
  expect(may(/./, /^state/)).not.toContain('d');
});

it('names every partition that a grant names', () => {
  const named =
    JSON.stringify(asked.deployment.roles.flatMap(({ policies }) => policies)).match(/"[A-Z]+#[^"*]*\*"/g) ?? [];
  const starts = [...new Set(named.map((text) => text.slice(1, -2)))];
  const unnamed = starts.filter((start) => !rows.some(({ about }) => about.includes(`\`${start}`)));
  expect(starts.length).toBeGreaterThan(10);
  expect(unnamed).toEqual([]);
});
