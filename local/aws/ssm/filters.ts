import type { Filter } from './requests.ts';
import { currentOf, type Parameter } from './state.ts';

/** All filters must match. A filter matches if any of its values matches, and one without values if the tag exists. */
export const compileFilters =
  (filters: readonly Filter[]) =>
  (parameter: Parameter): boolean =>
    filters.every(({ Key, Option = 'Equals', Values }) => {
      const actual = actualOf(parameter, Key);
      if (actual === undefined) return false;
      return Values === undefined || Values.some((value) => COMPARISONS[Option](actual, value));
    });

const actualOf = (parameter: Parameter, key: Filter['Key']): string | undefined => {
  if (key === 'Name') return parameter.name;
  return key === 'Type' ? currentOf(parameter).type : parameter.tags.get(key.slice('tag:'.length));
};

const COMPARISONS: Readonly<Record<NonNullable<Filter['Option']>, (actual: string, value: string) => boolean>> = {
  Equals: (actual, value) => actual === value,
  BeginsWith: (actual, value) => actual.startsWith(value),
  Contains: (actual, value) => actual.includes(value),
};
