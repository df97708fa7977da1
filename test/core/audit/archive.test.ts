import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArchivedDay,
  anchored,
  anchorsIn,
  archiveKey,
  DayRoot,
  dayAfter,
  daysFrom,
  faultsOfRoots,
  leavesIn,
  lineOf,
  NO_ROOT,
  proofOf,
  rootOfDay,
} from '../../../lambdas/core/audit/anchors.ts';
import { archive } from '../../../lambdas/core/audit/archive.ts';
import { merkleRoot, rootFrom } from '../../../lambdas/core/audit/merkle.ts';
import { chain, GENESIS, headOf } from '../../../lambdas/core/audit/record.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { aClosedChain, archiveInMemory, chainsInMemory } from '../../support/archive.ts';

const DAY = '2030-01-02';
const at = (day: string, time = '12:00:00.000') => `${day}T${time}Z`;

const anArchiver = () => {
  const [chains, kept] = [chainsInMemory(), archiveInMemory()];
  const warned: { readonly chain: string; readonly fault: string }[] = [];
  const run = (now: string, port = kept.port) =>
    archive.run(
      { heads: chains.port, archive: port, now: () => new Date(now), warn: (it) => void warned.push(it) },
      {}
    );
  const days = (): readonly ArchivedDay[] =>
    [...kept.objects.keys()]
      .filter((key) => key.startsWith('roots/'))
      .map((key) => key.slice(6, -5))
      .map((day) => ({
        day,
        root: DayRoot.parse(JSON.parse(kept.objects.get(archiveKey.root(day)) ?? '')),
        leaves: leavesIn(kept.objects.get(archiveKey.leaves(day)) ?? '', archiveKey.leaves(day)),
      }));
  return { ...chains, ...kept, run, days, warned };
};

const standing = ({ leaf, records }: ReturnType<typeof aClosedChain>) => ({
  chain: leaf.chain,
  records,
  isClosed: true,
});

describe('the archive', () => {
  it('has each chain that came to rest within the hour, and the root of a day an hour after it is over', async () => {
    const it_ = anArchiver();
    const closed = aClosedChain(at(DAY, '23:59:59.999'));
    it_.add(closed);

    expect(await it_.run(at(dayAfter(DAY), '00:17:00.000'))).toEqual({
      kind: 'archived',
      chains: 1,
      roots: [],
      broken: 0,
    });
    expect(
      it_.objects
        .get(archiveKey.chain(DAY, closed.leaf))
        ?.trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    ).toEqual(closed.records);
    expect(await it_.run(at(dayAfter(DAY), '01:17:00.000'))).toEqual({
      kind: 'archived',
      chains: 0,
      roots: [DAY],
      broken: 0,
    });
    expect(it_.days()[0]?.root).toEqual(rootOfDay(DAY, [closed.leaf], NO_ROOT));
    expect(await it_.run(at(dayAfter(DAY), '02:17:00.000'))).toEqual({
      kind: 'archived',
      chains: 0,
      roots: [],
      broken: 0,
    });
  });

  it('has a root for each day, also one on which nothing ended, and each follows the one before', async () => {
    const it_ = anArchiver();
    it_.add(aClosedChain(at(DAY)));
    it_.add(aClosedChain(at(dayAfter(DAY, 3))));
    await it_.run(at(dayAfter(DAY, 6)));

    expect(it_.days().map(({ day, leaves }) => [day, leaves?.length])).toEqual(
      daysFrom(DAY, dayAfter(DAY, 5)).map((day, place) => [day, place === 0 || place === 3 ? 1 : 0])
    );
    expect(faultsOfRoots(it_.days())).toEqual([]);
  });

  it('takes what came to its index after the root of its day into the next root, once', async () => {
    const it_ = anArchiver();
    const [early, late] = [aClosedChain(at(DAY)), aClosedChain(at(DAY, '23:59:59.000'))];
    it_.add(early);
    await it_.run(at(dayAfter(DAY), '01:17:00.000'));
    it_.add(late);
    await it_.run(at(dayAfter(DAY, 2), '01:17:00.000'));
    await it_.run(at(dayAfter(DAY, 3), '01:17:00.000'));

    expect(it_.days().map(({ leaves }) => leaves)).toEqual([[early.leaf], [late.leaf], []]);
    expect(it_.objects.has(archiveKey.chain(DAY, late.leaf))).toBe(true);
    expect(anchored(standing(late), anchorsIn(it_.days()))).toEqual({
      faults: [],
      place: { day: dayAfter(DAY), index: 0 },
    });
  });

  it('comes to the same, wherever it is ended and begun again, and however many do it at once', async () => {
    const closed = [DAY, DAY, dayAfter(DAY)].map((day) => aClosedChain(at(day)));
    const now = at(dayAfter(DAY, 2), '03:00:00.000');
    const undisturbed = anArchiver();
    for (const each of closed) undisturbed.add(each);
    await undisturbed.run(now);
    const writes = undisturbed.puts();
    expect(writes).toBe(closed.length + 2 * 2);

    await fc.assert(
      fc.asyncProperty(fc.nat(writes - 1), fc.boolean(), fc.boolean(), async (write, isKept, both) => {
        const it_ = anArchiver();
        for (const each of closed) it_.add(each);
        it_.endAfter(write, isKept);
        await expect(it_.run(now)).rejects.toThrow('a test ends it here');
        it_.endAfter(Number.POSITIVE_INFINITY, true);
        await Promise.all(both ? [it_.run(now), it_.run(now)] : [it_.run(now)]);
        expect([...it_.objects].sort()).toEqual([...undisturbed.objects].sort());
      })
    );
  });

  it('does not take a chain that is broken, names it each time, and anchors its head all the same', async () => {
    const it_ = anArchiver();
    const closed = aClosedChain(at(DAY));
    const [first, ...others] = closed.records;
    if (first === undefined) throw new Error('a chain has records');
    it_.add({ ...closed, records: [{ ...first, step: 'forged' }, ...others] });

    expect(await it_.run(at(DAY, '13:00:00.000'))).toMatchObject({ chains: 0, broken: 1 });
    expect(it_.warned).toEqual([{ chain: closed.leaf.chain, fault: expect.stringContaining('record 0 was changed') }]);
    await it_.run(at(dayAfter(DAY), '02:00:00.000'));
    expect(it_.days().at(-1)?.leaves).toEqual([closed.leaf]);
    expect([...it_.objects.keys()].filter((key) => key.startsWith('chains/'))).toEqual([]);
  });

  it('goes on where a record of one chain cannot be read, and names that chain', async () => {
    const it_ = anArchiver();
    const [spoilt, whole] = [aClosedChain(at(DAY)), aClosedChain(at(DAY))];
    it_.add(spoilt);
    it_.add(whole);
    it_.spoil(spoilt.leaf.chain, 'record 1 is not one of an audit');

    expect(await it_.run(at(DAY, '13:00:00.000'))).toMatchObject({ chains: 1, broken: 1 });
    expect(it_.warned).toEqual([{ chain: spoilt.leaf.chain, fault: 'record 1 is not one of an audit' }]);
    const chains = [...it_.objects.keys()].filter((key) => key.startsWith('chains/'));
    expect(chains).toEqual([archiveKey.chain(DAY, whole.leaf)]);
  });

  it('goes on where something is listed as a head that is none, names it, and makes the root without it', async () => {
    const it_ = anArchiver();
    const whole = aClosedChain(at(DAY));
    it_.add(whole);
    const strange = { chain: 'RUN#acme#odd', fault: 'item 1 is none' };
    it_.list(DAY, strange);

    expect(await it_.run(at(dayAfter(DAY), '02:00:00.000'))).toMatchObject({ chains: 1, broken: 1 });
    expect(it_.warned).toEqual([strange]);
    expect(it_.days().at(-1)?.leaves).toEqual([whole.leaf]);
  });

  const fault = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error
    );

  it.each([
    ['private words', 'no JSON'],
    [
      '{"day":"private words"}',
      'JSON that does not fit: day (invalid_format), leaves (invalid_type), root (invalid_type)',
    ],
  ])('says of the root %s which object is none, and quotes nothing of it', async (text, found) => {
    const it_ = anArchiver();
    it_.objects.set(archiveKey.root(DAY), text);
    const thrown = await fault(it_.run(at(dayAfter(DAY, 2), '02:00:00.000')));
    expect(thrown).toBeInstanceOf(Terminal);
    const { message } = thrown as Error;
    expect(message).toContain(`roots/${DAY}.json is not a root: expected day, leaves, root, previous and hash as JSON`);
    expect(message).toContain(`found ${found}`);
    expect(message).toContain('see who wrote it');
    expect(message).not.toContain('private words');
  });

  it.each([
    ['private words', 'no JSON'],
    ['{"chain":"private words","seq":0}', 'JSON that does not fit: hash (invalid_type)'],
  ])('says of leaves with the line %s which it is, and quotes nothing of it', async (line, found) => {
    const it_ = anArchiver();
    it_.add(aClosedChain(at(DAY)));
    const { leaf } = aClosedChain(at(DAY));
    it_.objects.set(archiveKey.leaves(DAY), `${lineOf(leaf)}\n\n${line}\n`);
    const thrown = await fault(it_.run(at(dayAfter(DAY), '02:00:00.000')));
    expect(thrown).toBeInstanceOf(Terminal);
    expect((thrown as Error).message).toBe(
      `line 3 of leaves/${DAY}.jsonl is not a leaf: expected chain, seq and hash as JSON, found ${found}: see who wrote it`
    );
  });

  it('tells that somebody was there first with another root than the leaves have', async () => {
    const it_ = anArchiver();
    const closed = aClosedChain(at(DAY));
    it_.add(closed);
    const [own, forged] = [[closed.leaf], [aClosedChain(at(DAY)).leaf]].map((leaves) =>
      rootOfDay(DAY, leaves, NO_ROOT)
    );
    const overtaken: typeof it_.port = {
      ...it_.port,
      putOnce: (key, text) => it_.port.putOnce(key, key === archiveKey.root(DAY) ? JSON.stringify(forged) : text),
    };
    const thrown = await fault(it_.run(at(dayAfter(DAY), '02:00:00.000'), overtaken));
    expect(thrown).toBeInstanceOf(Terminal);
    expect((thrown as Error).message).toBe(
      `roots/${DAY}.json is another root than its leaves have: expected ${own?.hash}, found ${forged?.hash}: see who wrote it`
    );
  });

  it('keeps what a waiting run was when it began to wait, besides what it is in the end', async () => {
    const it_ = anArchiver();
    const closed = aClosedChain(at(DAY), { length: 4 });
    const waiting = closed.records[1];
    if (waiting === undefined) throw new Error('a chain has records');
    it_.add({ ...closed, leaf: { ...closed.leaf, seq: 1, hash: waiting.hash } });
    await it_.run(at(DAY, '13:00:00.000'));
    const [key = ''] = [...it_.objects.keys()];
    expect(it_.objects.get(key)?.trim().split('\n')).toHaveLength(2);
  });
});

/** A chain made anew from some record on, with a head to match: nothing in the tables tells. */
const madeAnew = (closed: ReturnType<typeof aClosedChain>, from: number) => {
  const records = closed.records.slice(0, from);
  for (const {
    seq: _,
    prev_hash: __,
    hash: ___,
    trace_id,
    run_id,
    at: time,
    user,
    release,
    ...event
  } of closed.records.slice(from)) {
    const last = records.at(-1);
    const about = { trace_id, run_id, at: time, user, release };
    records.push(chain(last ? headOf(last) : GENESIS, { ...event, args_redacted: { forged: true } }, about));
  }
  return { ...closed, records };
};

describe('what was anchored', () => {
  const many = fc.integer({ min: 1, max: 12 });

  it('tells every chain that was made anew together with its head', async () => {
    await fc.assert(
      fc.asyncProperty(many, fc.nat(), fc.nat(2), async (count, which, from) => {
        const it_ = anArchiver();
        const all = Array.from({ length: count }, () => aClosedChain(at(DAY)));
        for (const each of all) it_.add(each);
        await it_.run(at(dayAfter(DAY), '02:00:00.000'));
        const anchors = anchorsIn(it_.days());
        for (const each of all) expect(anchored(standing(each), anchors).faults).toEqual([]);
        const victim = all[which % count];
        if (victim === undefined) throw new Error('there is one');
        expect(anchored(standing(madeAnew(victim, from)), anchors).faults).toEqual([
          expect.stringContaining(`record 2 is not the one that was anchored on ${DAY}`),
        ]);
        expect(anchored({ ...standing(victim), records: victim.records.slice(0, 2) }, anchors).faults).toHaveLength(1);
        expect(anchored({ ...standing(victim), records: [] }, anchors).faults).toHaveLength(1);
      }),
      { numRuns: 30 }
    );
  });

  it('proves each end to somebody who sees its root alone', async () => {
    const it_ = anArchiver();
    for (let count = 0; count < 5; count += 1) it_.add(aClosedChain(at(DAY)));
    await it_.run(at(dayAfter(DAY), '02:00:00.000'));
    const [day] = it_.days();
    if (day?.leaves === undefined) throw new Error('there is a day');
    for (const [index, leaf] of day.leaves.entries()) {
      const proof = proofOf(day, index);
      expect(proof && rootFrom(lineOf(leaf), proof)).toBe(day.root?.root);
    }
    expect(proofOf({ ...day, leaves: day.leaves.slice(1) }, 0)).toBeUndefined();
    expect(proofOf(day, 5)).toBeUndefined();
  });

  it('tells that a closed chain of a day that has a root is in none', () => {
    const closed = aClosedChain(at(DAY));
    const empty = (day: string, previous: string) => ({ day, leaves: [], root: rootOfDay(day, [], previous) });
    const first = empty(DAY, NO_ROOT);
    const second = empty(dayAfter(DAY), first.root.hash);
    expect(anchored(standing(closed), anchorsIn([first, second])).faults).toEqual([
      `its end, record 2, is in no root: expected in that of ${DAY} or of the day after`,
    ]);
    expect(anchored(standing(closed), anchorsIn([first])).faults).toEqual([]); // the next root may still have it
    expect(anchored({ ...standing(closed), isClosed: false }, anchorsIn([first, second])).faults).toEqual([]);
  });

  it('tells every change of a root, its leaves, and a root that is missing', async () => {
    const it_ = anArchiver();
    for (const day of daysFrom(DAY, dayAfter(DAY, 3))) it_.add(aClosedChain(at(day)));
    await it_.run(at(dayAfter(DAY, 4), '02:00:00.000'));
    const days = it_.days();
    expect(faultsOfRoots(days)).toEqual([]);
    expect(faultsOfRoots([])).toEqual(['there is no root']);

    fc.assert(
      fc.property(fc.nat(3), fc.constantFrom('root', 'leaves', 'anew', 'unreadable', 'drop'), (place, how) => {
        const victim = days[place];
        if (victim?.root === undefined) throw new Error('there is one');
        const other = aClosedChain(at(victim.day)).leaf;
        const { previous } = victim.root;
        const changed: Readonly<Record<typeof how, ArchivedDay>> = {
          root: { ...victim, root: { ...victim.root, root: merkleRoot(['forged']) } },
          leaves: { ...victim, leaves: [other] },
          anew: { ...victim, leaves: [other], root: rootOfDay(victim.day, [other], previous) },
          unreadable: { day: victim.day, root: victim.root },
          drop: { day: victim.day },
        };
        const isLast = place === days.length - 1;
        const tampered = days.with(place, changed[how]);
        // whoever can replace the last root, and its leaves, has left no trace in the others: that is what the lock is for
        expect(faultsOfRoots(tampered).length > 0).toBe(!(how === 'anew' && isLast));
        if (place > 0 && !isLast)
          expect(faultsOfRoots(days.toSpliced(place, 1))).toContain(`${victim.day} has no root`);
      })
    );
  });
});
