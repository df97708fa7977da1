import { isObject, type Json } from '../template/json.ts';

/** The states of a definition, those in branches and iterations too, as far as it is one. */
const statesIn = (scope: Json | undefined): readonly (readonly [string, Json])[] => {
  if (!isObject(scope) || !isObject(scope.States)) return [];
  return Object.entries(scope.States).flatMap(([name, state = null]) => {
    const branches = isObject(state) && Array.isArray(state.Branches) ? state.Branches : [];
    const processor = isObject(state) ? state.ItemProcessor : undefined;
    return [[name, state] as const, ...[...branches, processor].flatMap(statesIn)];
  });
};

/**
 * The first state that is not in JSONata. A machine is in JSONPath, unless it says otherwise; its states may say otherwise each
 * for itself, whatever the state around them says.
 */
export const stateInJsonPath = (definition: Json): string | undefined => {
  const language = isObject(definition) ? (definition.QueryLanguage ?? 'JSONPath') : undefined;
  if (language !== 'JSONPath') return undefined;
  return statesIn(definition).find(([, state]) => !isObject(state) || state.QueryLanguage !== 'JSONata')?.[0];
};
