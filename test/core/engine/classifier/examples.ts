import type { Example } from '../../../../lambdas/core/engine/classifier/examples.ts';
import { seeded } from '../../../../lambdas/core/engine/classifier/random.ts';

const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  Network: ['vpn', 'wifi', 'router', 'dns', 'proxy', 'firewall', 'switch', 'latency'],
  Hardware: ['laptop', 'keyboard', 'monitor', 'docking', 'battery', 'mouse', 'headset', 'charger'],
  Access: ['password', 'account', 'locked', 'login', 'permission', 'token', 'group', 'sso'],
};

const FILLERS = [
  'please',
  'help',
  'since',
  'monday',
  'the',
  'does',
  'not',
  'work',
  'team',
  'again',
  'office',
  'thanks',
];

/**
 * Tickets of three queues from a seed: words of the queue among filler. Of every ten words about `10 × noise` are of a
 * queue picked at random, so that some tickets cannot be told apart.
 */
export const ticketsOf = (count: number, { noise = 0, seed = 1 } = {}): readonly Example[] => {
  const random = seeded(seed);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const queues = Object.keys(SUBJECTS);
  return Array.from({ length: count }, (_, at) => {
    const label = queues[at % queues.length] ?? '';
    const words = Array.from({ length: 4 }, () => oneOf(SUBJECTS[random() < noise ? oneOf(queues) : label] ?? []));
    const filler = Array.from({ length: 6 }, () => oneOf(FILLERS));
    return { text: [...filler, ...words].sort(() => random() - 0.5).join(' '), label };
  });
};
