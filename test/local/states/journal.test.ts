import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, openJournal } from '../../../local/states/journal.ts';
import { arnOf, invoking, MACHINE_ARN, machineOf, openBench, outputOf, temporaryFolder } from './harness.ts';

const json = fc.json().map((text) => JSON.stringify(JSON.parse(text)));
const lines = fc.array(fc.record({ head: json, tail: json }), { maxLength: 20 });

const readAll = async (file: string): Promise<Line[]> => {
  const found: Line[] = [];
  const journal = await openJournal(file, (line) => found.push(line));
  await journal.close();
  return found;
};

describe('a journal', () => {
  it('gives back what was appended, in order, and shares syncs', async () => {
    const folder = await temporaryFolder();
    let files = 0;
    await fc.assert(
      fc.asyncProperty(lines, lines, async (first, second) => {
        files += 1;
        const file = join(folder, String(files));
        const journal = await openJournal(file, () => {});
        await Promise.all(first.map(journal.append));
        await Promise.all(second.map(journal.append));
        expect(journal.fsyncs()).toBeLessThanOrEqual(2);
        await journal.close();
        expect(await readAll(file)).toEqual([...first, ...second]);
      }),
      { numRuns: 50 }
    );
  });

  it('loses no more than the last line to a cut, and accepts further ones after it', async () => {
    const folder = await temporaryFolder();
    let files = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ head: json, tail: json }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (all, cut) => {
          files += 1;
          const file = join(folder, String(files));
          const journal = await openJournal(file, () => {});
          await Promise.all(all.map(journal.append));
          await journal.close();
          const bytes = await readFile(file);
          const left = bytes.subarray(0, cut % (bytes.length + 1));
          await writeFile(file, left);

          const whole = left.toString('latin1').split('\n').length - 1;
          const next = await openJournal(file, () => {});
          await next.append({ head: '"next"', tail: '[]' });
          await next.close();
          expect(await readAll(file)).toEqual([...all.slice(0, whole), { head: '"next"', tail: '[]' }]);
        }
      ),
      { numRuns: 50 }
    );
  });

  it.each(['garbage{', 'garbage{\n', '{}'])(
    'refuses a file that is no journal, and leaves it as it is: %j',
    async (text) => {
      const file = join(await temporaryFolder(), 'journal');
      await writeFile(file, text);
      await expect(openJournal(file, () => {})).rejects.toThrow(`${file} should hold a journal of executions`);
      expect(await readFile(file, 'utf8')).toBe(text);
    }
  );

  it('names file and line where anything but the end is damaged', async () => {
    const file = join(await temporaryFolder(), 'journal');
    const journal = await openJournal(file, () => {});
    for (const head of ['1', '2', '3', '4']) await journal.append({ head, tail: '[]' });
    await journal.close();
    const whole = await readFile(file, 'utf8');
    for (const [at, damaged] of whole.split('\n').slice(0, 3).entries()) {
      await writeFile(file, whole.replace(damaged, damaged.replace('[]', '[ ')));
      await expect(openJournal(file, () => {})).rejects.toThrow(`${file}:${at + 1}: the checksum does not match`);
    }
  });

  it('refuses lines that a later version wrote, and says so', async () => {
    const file = join(await temporaryFolder(), 'journal');
    const journal = await openJournal(file, () => {});
    await journal.append({ head: '{"kind":"journal","version":3}', tail: '[]' });
    await journal.close();
    await expect(openBench(machineOf({}), {}, { journal: file })).rejects.toThrow(
      `${file}: expected a journal of version 2 or earlier, found version 3`
    );
  });

  it('refuses lines that no version wrote', async () => {
    const file = join(await temporaryFolder(), 'journal');
    const journal = await openJournal(file, () => {});
    await journal.append({ head: '{"kind":"diary"}', tail: '[]' });
    await journal.close();
    await expect(openBench(machineOf({}), {}, { journal: file })).rejects.toThrow(`${file}:1: `);
  });

  it('reads what version 1 wrote, where it stood, and goes on in this version', async () => {
    const file = join(await temporaryFolder(), 'journal');
    await copyFile(new URL('version-1.journal', import.meta.url), file);
    const token = /"token":"([^"]+)"/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
    const bench = await openBench(machineOf({}), {}, { journal: file });
    await bench.states.sendTaskSuccess(token, '"yes"');
    expect(outputOf(await bench.ended(arnOf('run')))).toEqual({ x: 'seen', reply: 'yes' });
    expect(bench.calls).toEqual([]);
    expect(bench.states.history(arnOf('run')).map(({ id }) => id)).toEqual(
      Array.from({ length: 13 }, (_, at) => at + 1)
    );
    await bench.states.close();
    expect((await readAll(file)).map(({ head }) => JSON.parse(head).version)[0]).toBe(2);
  });

  it('of an execution that cannot go on is refused as a whole, before anything of it runs', async () => {
    const file = join(await temporaryFolder(), 'journal');
    const whole = await readFile(new URL('version-1.journal', import.meta.url), 'utf8');
    const journal = await openJournal(file, () => {});
    for (const line of whole.trimEnd().split('\n')) {
      const [, head = '', tail = ''] = line.split('\t');
      await journal.append({ head: head.replace('"End":true', '"Next":"Gone"'), tail });
    }
    await journal.close();
    await expect(openBench(machineOf({}), {}, { journal: file })).rejects.toThrow(
      `the journal holds ${arnOf('run')}, which runs and cannot go on; begin with another. this state machine cannot be run here: States.Ask`
    );
  });

  it('writes what was only noted with what is appended next, or at its end', async () => {
    const file = join(await temporaryFolder(), 'journal');
    const journal = await openJournal(file, () => {});
    journal.note({ head: '1', tail: '[]' });
    expect(journal.fsyncs()).toBe(0);
    await journal.append({ head: '2', tail: '[]' });
    journal.note({ head: '3', tail: '[]' });
    await journal.close();
    expect((await readAll(file)).map(({ head }) => head)).toEqual(['1', '2', '3']);
  });
});

describe('the journal of many executions', () => {
  const machine = machineOf({
    A: invoking('f', { Next: 'Pick' }),
    Pick: { Type: 'Choice', Choices: [{ Condition: true, Next: 'B' }] },
    B: invoking('f', { Next: 'Done' }),
    Done: { Type: 'Succeed' },
  });

  it('shares syncs between those that run at a time', async () => {
    const bench = await openBench(machine, { f: () => 1 });
    const before = bench.states.counters();
    const arns = await Promise.all(Array.from({ length: 100 }, (_, n) => bench.start(`run-${n}`)));
    for (const arn of arns) await bench.ended(arn);
    const after = bench.states.counters();
    expect(after.transitions - before.transitions).toBe(400);
    expect(after.fsyncs - before.fsyncs).toBeLessThan(40);
  });

  it('syncs once for a call and the states before it', async () => {
    const bench = await openBench(machine, { f: () => 1 });
    await bench.run();
    expect(bench.states.counters().fsyncs).toBeLessThanOrEqual(4); // the start, two calls, the end
  });

  it('is shortened when it is opened, and keeps what it said', async () => {
    const bench = await openBench(machine, { f: () => 1 });
    for (const name of ['one', 'two', 'three']) await bench.ended(await bench.start(name, { name }));
    await bench.states.close();
    const [long, said] = [await readFile(bench.journal, 'utf8'), bench.states.list(MACHINE_ARN)];
    const history = bench.states.history(arnOf('two'));

    for (let opened = 0; opened < 2; opened += 1) {
      const again = await openBench(machine, {}, { journal: bench.journal });
      expect(again.states.list(MACHINE_ARN)).toEqual(said);
      expect(again.states.history(arnOf('two'))).toEqual(history);
      await again.states.close();
    }
    const short = await readFile(bench.journal, 'utf8');
    expect(short.split('\n')).toHaveLength(1 + 1 + 3 + 1);
    expect(short.length).toBeLessThan(long.length);

    const none = await openBench(machine, {}, { journal: bench.journal, keepEnded: 0 });
    await none.states.close();
    expect((await readFile(bench.journal, 'utf8')).split('\n')).toHaveLength(1 + 1);
  });

  it('forgets the oldest that have ended, never one that runs', async () => {
    let isHeld = true;
    const functions = { f: (input: unknown) => (isHeld && input === 'held' ? new Promise<never>(() => {}) : 1) };
    const bench = await openBench(machine, functions, { keepEnded: 2 });
    await bench.start('held', 'held');
    for (const name of ['one', 'two', 'three']) await bench.ended(await bench.start(name));
    const names = ['three', 'two', 'held'];
    expect(bench.states.list(MACHINE_ARN).map(({ name }) => name)).toEqual(names);
    await bench.states.close();

    isHeld = false;
    const again = await openBench(machine, functions, { journal: bench.journal, keepEnded: 2 });
    expect(again.states.list(MACHINE_ARN).map(({ name }) => name)).toEqual(names);
    expect((await again.ended(arnOf('held'))).status).toBe('SUCCEEDED');
  });

  it('is not opened past a damaged line', async () => {
    const bench = await openBench(machine, { f: () => 1 });
    await bench.run();
    await bench.states.close();
    const whole = await readFile(bench.journal, 'utf8');
    await writeFile(bench.journal, whole.replace('"scheduled"', '"sheduled"'));
    await expect(openBench(machine, {}, { journal: bench.journal })).rejects.toThrow(
      /journal:\d+: the checksum does not match/
    );
    await writeFile(bench.journal, whole);
    await appendFile(bench.journal, '00000000\t{"torn');
    const again = await openBench(machine, {}, { journal: bench.journal });
    expect(again.states.describe(arnOf('run')).status).toBe('SUCCEEDED');
  });
});
