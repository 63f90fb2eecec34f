import { ABSENT, answer, type Reply } from './replies.ts';

type Describe = (path: string) => unknown;

/** The names directly below a folder, in order. Folders end in a slash. `after` and `limit` select a page. */
export const listBelow = (
  paths: Iterable<string>,
  folder: string,
  query: URLSearchParams,
  describe?: Describe,
): Reply => {
  const prefix = prefixOf(folder);
  const names = new Set(
    below(paths, prefix).map((rest) => (rest.includes('/') ? rest.slice(0, rest.indexOf('/') + 1) : rest)),
  );
  const after = query.get('after') ?? '';
  const limit = Number(query.get('limit') ?? 0);
  const keys = [...names].toSorted(byBytes).filter((name) => byBytes(name, after) > 0);
  const page = limit > 0 ? keys.slice(0, limit) : keys;
  return page.length === 0 ? ABSENT : answer({ data: withInfo(page, prefix, describe) });
};

/**
 * The secrets below a folder at any depth: those of a folder before those of its folders, of which the last comes
 * first. An empty folder is no error, unlike in a list.
 */
export const scanBelow = (paths: Iterable<string>, folder: string, describe?: Describe): Reply => {
  const prefix = prefixOf(folder);
  const keys = inScanOrder(below(paths, prefix));
  return answer({ data: keys.length === 0 ? {} : withInfo(keys, prefix, describe) });
};

const inScanOrder = (paths: readonly string[]): string[] => {
  const direct = paths.filter((path) => !path.includes('/')).toSorted(byBytes);
  const folders = Map.groupBy(
    paths.filter((path) => path.includes('/')),
    (path) => path.slice(0, path.indexOf('/') + 1),
  );
  const inside = [...folders]
    .toSorted(([one], [other]) => byBytes(other, one))
    .flatMap(([folder, all]) => inScanOrder(all.map((path) => path.slice(folder.length))).map((rest) => folder + rest));
  return [...direct, ...inside];
};

const prefixOf = (folder: string): string => (folder === '' || folder.endsWith('/') ? folder : `${folder}/`);

const below = (paths: Iterable<string>, prefix: string): string[] =>
  [...paths].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

const withInfo = (keys: readonly string[], prefix: string, describe: Describe | undefined) => ({
  ...(describe && {
    key_info: Object.fromEntries(keys.map((key) => [key, key.endsWith('/') ? {} : describe(`${prefix}${key}`)])),
  }),
  keys,
});
