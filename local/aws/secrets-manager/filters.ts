import type { Filter } from './requests.ts';
import type { ListEntry } from './state.ts';

type Matcher = (entry: ListEntry) => boolean;

/** All filters must match. A filter matches if any of its values matches. */
export const compileFilters = (filters: readonly Filter[], region: string): Matcher => {
  const matchers = filters.map((filter) => {
    const values = filter.Values.map((value) => compileValue(filter.Key, value, region));
    return (entry: ListEntry) => values.some((matches) => matches(entry));
  });
  return (entry) => matchers.every((matches) => matches(entry));
};

const compileValue = (key: Filter['Key'], value: string, region: string): Matcher => {
  if (!value.startsWith('!')) return compilePositive(key, value, region);
  const positive = compilePositive(key, value.slice(1), region);
  return (entry) => !positive(entry);
};

const compilePositive = (key: Filter['Key'], value: string, region: string): Matcher => {
  switch (key) {
    case 'name':
      return (entry) => entry.Name.startsWith(value);
    case 'description':
      return (entry) => (entry.Description ?? '').toLowerCase().startsWith(value.toLowerCase());
    case 'tag-key':
      return (entry) => entry.Tags.some((tag) => tag.Key.startsWith(value));
    case 'tag-value':
      return (entry) => entry.Tags.some((tag) => tag.Value.startsWith(value));
    case 'primary-region':
      return (entry) => (entry.PrimaryRegion ?? region).startsWith(value);
    case 'owning-service':
      // No local secret belongs to an AWS service.
      return () => false;
    case 'all':
      return matchWords(value);
  }
};

/** Splits a text where the case or the kind of character changes: credsDatabase#892 becomes creds, database, 892. */
const wordsOf = (text: string): string[] => (text.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g) ?? []).map((w) => w.toLowerCase());

const matchWords = (value: string): Matcher => {
  const wanted = wordsOf(value);
  return (entry) => {
    const tags = entry.Tags.flatMap((tag) => [tag.Key, tag.Value]);
    const words = wordsOf([entry.Name, entry.Description ?? '', ...tags].join(' '));
    return wanted.some((prefix) => words.some((word) => word.startsWith(prefix)));
  };
};
