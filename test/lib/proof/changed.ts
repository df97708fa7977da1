import type { StateMachine } from '../../../statemachines/segments/asl.ts';

/** A machine with one place of it changed: `States.Act.Next`, `States.Act.Catch.1.Next`. */
export const changed = (machine: StateMachine, place: string, value: unknown): StateMachine => {
  const draft = structuredClone(machine) as unknown as Record<string, unknown>;
  const path = place.split('.');
  const last = path.pop() ?? '';
  const holder = path.reduce((inner, key) => inner[key] as Record<string, unknown>, draft);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return draft as unknown as StateMachine;
};
