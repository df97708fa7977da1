import * as z from 'zod';
import { Document, type FieldOperation, type IssueUpdate } from './requests.ts';
import type { Fields, Issue, Store } from './store.ts';

type Reading = { readonly value: unknown } | { readonly error: string };
type Field = { readonly list?: true; readonly read: (value: unknown, store: Store) => Reading };

const Components = z.array(z.looseObject({ name: z.string().optional(), id: z.string().optional() }));
const Labels = z.array(z.string().regex(/^\S{1,255}$/));
const Assignee = z.looseObject({ accountId: z.string().nullable() }).nullable();

export const componentId = (store: Store, name: string): string => String(10_000 + store.components.indexOf(name));

const FIELDS: Readonly<Record<keyof Fields, Field>> = {
  summary: {
    read: (value) => {
      if (typeof value !== 'string' || value.trim() === '')
        return { error: 'You must specify a summary of the issue.' };
      if (value.length > 255) return { error: 'Summary must be less than 255 characters.' };
      if (/[\r\n]/.test(value)) return { error: 'The summary is invalid because it contains newline characters.' };
      return { value };
    },
  },
  description: {
    read: (value) => {
      if (value === null || Document.safeParse(value).success) return { value };
      return { error: 'Operation value must be an Atlassian Document (see the Atlassian Document Format)' };
    },
  },
  components: {
    list: true,
    read: (value, store) => {
      const given = Components.safeParse(value);
      if (!given.success) return { error: 'data was not an array' };
      const names = given.data.map(
        ({ name, id }) => name ?? store.components.find((known) => componentId(store, known) === id) ?? `id ${id}`
      );
      const unknown = names.find((name) => !store.components.includes(name));
      if (unknown !== undefined) return { error: `Component name '${unknown}' is not valid` };
      return { value: [...new Set(names)] };
    },
  },
  labels: {
    list: true,
    read: (value) => {
      const labels = Labels.safeParse(value);
      return labels.success ? { value: labels.data } : { error: 'The label contains spaces which is invalid.' };
    },
  },
  assignee: {
    read: (value, store) => {
      const given = Assignee.safeParse(value);
      if (!given.success) return { error: 'expected an object with an accountId' };
      const accountId = given.data?.accountId ?? null;
      if (accountId === null || store.accountIds.includes(accountId)) return { value: accountId };
      return { error: `User '${accountId}' does not exist.` };
    },
  },
};

const isField = (name: string): name is keyof Fields => Object.hasOwn(FIELDS, name);

const apply = (field: Field, current: unknown, operation: FieldOperation, store: Store): Reading => {
  const [[verb, value] = ['none', undefined], ...rest] = Object.entries(operation);
  if (rest.length > 0) return { error: 'expected one operation in each object' };
  if (verb === 'set') return field.read(value, store);
  if (!field.list || (verb !== 'add' && verb !== 'remove')) return { error: `Operation '${verb}' is not supported` };
  const reading = field.read([value], store);
  if ('error' in reading) return reading;
  const items = new Set(Array.isArray(current) ? current : []);
  for (const item of Array.isArray(reading.value) ? reading.value : []) {
    if (verb === 'add') items.add(item);
    else items.delete(item);
  }
  return { value: [...items] };
};

/** What a request would change, or Jira's message for each field that it refuses. `except` are fields read elsewhere. */
export const changesOf = (
  { fields = {}, update = {} }: IssueUpdate,
  issue: Issue | undefined,
  store: Store,
  except: readonly string[] = []
): { readonly changes: Partial<Fields>; readonly errors: Readonly<Record<string, string>> } => {
  const changes: Partial<Record<keyof Fields, unknown>> = {};
  const errors: Record<string, string> = {};
  const take = (name: string, read: (field: Field, current: unknown) => Reading) => {
    if (!isField(name)) {
      errors[name] = `Field '${name}' cannot be set. It is not on the appropriate screen, or unknown.`;
      return;
    }
    const reading = read(FIELDS[name], changes[name] ?? issue?.[name]);
    if ('error' in reading) errors[name] = reading.error;
    else changes[name] = reading.value;
  };

  for (const [name, value] of Object.entries(fields)) {
    if (!except.includes(name)) take(name, (field) => field.read(value, store));
  }
  for (const [name, operations] of Object.entries(update)) {
    if (Object.hasOwn(fields, name)) errors[name] = `Field '${name}' cannot appear in both 'fields' and 'update'`;
    else for (const operation of operations) take(name, (field, current) => apply(field, current, operation, store));
  }
  return { changes: changes as Partial<Fields>, errors };
};
