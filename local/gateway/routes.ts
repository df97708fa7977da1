import type { Route } from '../template/api.ts';

export interface Match {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly route: Route;
  readonly method: string;
  readonly expression: RegExp;
  readonly names: readonly string[];
  /** Sorts first what API Gateway prefers: literal parts, then variables, then `{name+}`, then `$default`; a method before `ANY`. */
  readonly rank: string;
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const compile = (route: Route): Pattern => {
  if (route.key === '$default') return { route, method: 'ANY', expression: /^/, names: [], rank: '~' };
  const [method = '', path = ''] = route.key.split(' ');
  const names: string[] = [];
  let rank = '';
  const parts = path.split('/').map((part) => {
    const [, name, greedy] = /^\{([\w.-]+)(\+?)\}$/.exec(part) ?? [];
    rank += name === undefined ? '0' : greedy === '+' ? '2' : '1';
    if (name === undefined) return literal(part);
    names.push(name);
    return greedy === '+' ? '(.+)' : '([^/]+)';
  });
  return {
    route,
    method,
    names,
    expression: new RegExp(`^${parts.join('/')}$`),
    rank: `${rank}|${method === 'ANY' ? 1 : 0}`,
  };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Finds the most specific route for a request, as API Gateway does. */
export const routerFor = (routes: readonly Route[]): ((method: string, path: string) => Match | undefined) => {
  const patterns = routes.map(compile).sort((one, other) => (one.rank < other.rank ? -1 : 1));
  return (method, path) => {
    for (const { route, method: wanted, expression, names } of patterns) {
      const found = wanted === method || wanted === 'ANY' ? expression.exec(path) : null;
      if (found === null) continue;
      const values = names.map((name, index) => [name, decoded(found[index + 1] ?? '')]);
      return { route, pathParameters: Object.fromEntries(values) };
    }
    return undefined;
  };
};
