import type { NewIssue } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { seededChance } from '../../local/states/chance.ts';

/** The component that every issue should get which gets one. */
export const QUEUE = 'Network';

interface Kind {
  readonly name: string;
  /** Of a hundred tasks. */
  readonly share: number;
  readonly summary: string;
  readonly description: string;
  readonly outcome: 'completed' | 'refused' | 'escalated' | 'not-eligible';
  /** Submitted without its issue key, which is sent when it is asked for. */
  readonly forgotten?: true;
  /** Of the issue; `absent`: Jira has none with this key. */
  readonly issue?: 'Done' | 'absent';
}

const VPN = {
  summary: 'VPN drops every ten minutes',
  description: 'Since Monday, from home only. The client says that the connection timed out.',
};

/** What a task is, and how its run must end: none of it is near a threshold of the classifiers. */
const KINDS: readonly Kind[] = [
  { name: 'assigned', share: 55, ...VPN, outcome: 'completed' },
  { name: 'forgotten', share: 20, ...VPN, outcome: 'completed', forgotten: true },
  { name: 'closed', share: 8, ...VPN, outcome: 'refused', issue: 'Done' },
  { name: 'absent', share: 7, ...VPN, outcome: 'escalated', issue: 'absent' },
  {
    name: 'off topic',
    share: 10,
    summary: 'Automatic reply',
    description: 'Thank you for your message. I am out of the office and will reply to your message when I return.',
    outcome: 'not-eligible',
  },
];

export interface Task extends Omit<Kind, 'share' | 'issue'> {
  /** Its idempotency key. */
  readonly key: string;
  readonly issueKey: string;
  /** What there is in Jira when it is submitted. */
  readonly issue?: NewIssue;
}

const kindAt = (place: number): Kind => {
  let left = place * 100;
  for (const kind of KINDS) {
    if (left < kind.share) return kind;
    left -= kind.share;
  }
  throw new Error('the shares of the kinds of tasks do not come to a hundred');
};

/** So many tasks, the same ones for the same seed. */
export const tasksOf = (count: number, seed: number): readonly Task[] => {
  const random = seededChance(seed ^ 0x5eed).random;
  return Array.from({ length: count }, (_, at) => {
    const { share: _share, issue, ...kind } = kindAt(random());
    const issueKey = `OPS-${at + 1}`;
    const { summary, description } = kind;
    return {
      ...kind,
      key: `torture-${seed}-${at + 1}`,
      issueKey,
      ...(issue !== 'absent' && { issue: { key: issueKey, summary, description, status: issue ?? 'To Do' } }),
    };
  });
};
