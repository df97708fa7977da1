import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checked } from '../../cli/names.ts';
import { RunId, ScopeName, Tenant, WorkflowName } from '../../lambdas/core/names.ts';
import { RUN, writ } from './support/writ.ts';

const SECRET = `eyJ${'k'.repeat(60)}SIGNATURE`;

const COMMANDS: readonly (readonly [string, (name: string) => readonly string[], string])[] = [
  ['run', (id) => ['run', id], 'the id of a run'],
  ['why', (id) => ['why', id], 'the id of a run'],
  ['undo', (id) => ['undo', id, '--reason', 'a test'], 'the id of a run'],
  ['approve', (id) => ['approve', id, '--yes'], 'the id of a run'],
  ['refuse', (id) => ['refuse', id, '--yes'], 'the id of a run'],
  ['reply', (id) => ['reply', id, '--field', 'a=b'], 'the id of a run'],
  ['audit', (id) => ['audit', id], 'the id of a run'],
  ['audit verify', (id) => ['audit', 'verify', id], 'the id of a run'],
  ...(['stop', 'resume'] as const).flatMap((verb) =>
    (['tenant', 'workflow', 'scope'] as const).map(
      (level) =>
        [
          `${verb} ${level}`,
          (name: string) => [verb, level, name, '--reason', 'a test'],
          `the name of a ${level}`,
        ] as const
    )
  ),
];
const NONE: readonly (readonly [string, string, string])[] = [
  ['a path', '../controls/global', 'Found "../controls/global".'],
  ['capital letters', 'ABC', 'Found "ABC".'],
  ['5 KB', 'Ab/'.repeat(1_700), 'Found "Ab/Ab/Ab/Ab/Ab/A…", of 5100 characters.'],
  ['what a terminal obeys', '\u001b[31mab\u0007c\nd E', 'Found "abc d E".'],
  ['what shows as nothing', '\u200b\u0000', 'Found nothing that can be seen.'],
  ['a token', SECRET, 'Found "eyJkkkkkkkkkkkkk…", of 72 characters.'],
];

describe.each(COMMANDS)('%s', (_, argsOf, expected) => {
  it.each(NONE)('sends nothing where a name is %s, and says what it takes', async (__, name, found) => {
    const { code, out, err, requests } = await writ(argsOf(name));
    expect([code, out, requests]).toEqual([2, '', []]);
    expect(err).toContain(`Expected ${expected}: `);
    expect(err).toContain(found);
    expect(err.length).toBeLessThan(250);
    expect(err).not.toMatch(/[^\P{C}\n]/u);
    expect(err).not.toContain('SIGNATURE');
  });

  it('sends nothing where the name is empty', async () => {
    const { code, err, requests } = await writ(argsOf(''));
    expect([code, requests]).toEqual([2, []]);
    expect(err).toMatch(/Found nothing\.|expects a name, such as/);
  });
});

it('takes no name with global, and shows none at length', async () => {
  const { code, err, requests } = await writ(['stop', 'global', SECRET, '--reason', 'a test']);
  expect([code, requests]).toEqual([2, []]);
  expect(err).toContain('global takes no name, found "eyJ');
  expect(err).not.toContain('SIGNATURE');
});

it('sends what can be a name as it is', async () => {
  expect((await writ(['run', RUN])).requests).toMatchObject([{ path: `/v1/runs/${RUN}` }]);
});

describe('a name', () => {
  it.each([
    ['run', RunId],
    ['tenant', Tenant],
    ['workflow', WorkflowName],
    ['scope', ScopeName],
  ] as const)('of a %s is what the API takes for one', (kind, schema) => {
    const nearly = fc.oneof(
      fc.stringMatching(/^[a-z0-9-]{1,3}(:[a-z0-9-]{1,3})?$/),
      fc.stringMatching(/^[a-z0-9-]{39,41}(:[a-z0-9-]{39,41})?$/),
      fc.stringMatching(/^[a-z0-9]{25,27}$/),
      fc.stringMatching(/^[a-z2-7]{25,27}\n?$/),
      fc.stringMatching(/^[a-zA-Z2:\n-]{1,4}$/),
      fc.string({ unit: 'binary' })
    );
    const isTaken = (text: string): boolean => {
      try {
        return checked(kind, text) === text;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(nearly, (text) => {
        expect(isTaken(text)).toBe(schema.safeParse(text).success);
      })
    );
  });
});
