import * as z from 'zod';
import { pageOf } from '../paging.ts';
import { json, refusal } from '../replies.ts';
import { folderIdOf } from '../secrets-safe.ts';
import type { Endpoint, Site } from '../site.ts';
import { refuseWithout } from './collections.ts';

const DEFAULT_PAGE = 1000;
const OWNER_ID = 1;

const folderQuery = z.object({
  foldername: z.string().max(256).toLowerCase().optional(),
  folderpath: z.string().max(1798).toLowerCase().optional(),
  includesubfolders: z.stringbool().default(true),
  rootonly: z.stringbool().default(false),
  folderownerid: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).default(DEFAULT_PAGE),
  offset: z.coerce.number().int().min(0).default(0),
});
type FolderQuery = z.infer<typeof folderQuery>;

/** The names of a folder and of all above it, from the safe downwards. */
type Path = readonly string[];

/** All folders without duplicates, including the safes at their roots. */
const foldersOf = ({ secretsSafe }: Site): Path[] => {
  const paths = secretsSafe.all.flatMap(({ row }) => row.folders.map((_, depth) => row.folders.slice(0, depth + 1)));
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
};

const folderRow = (path: Path) => ({
  Id: folderIdOf(path),
  Name: path.at(-1),
  Description: '',
  ParentId: path.length === 1 ? null : folderIdOf(path.slice(0, -1)),
  UserGroupId: OWNER_ID,
  UserId: null,
  FolderOwnerId: OWNER_ID,
});

const safeRow = (path: Path) => ({ Id: folderIdOf(path), Name: path.at(-1), Description: '' });

/** True if the filters name this folder itself. */
const isNamed = (path: Path, { foldername, folderpath }: FolderQuery): boolean =>
  (foldername === undefined || (path.at(-1) ?? '').toLowerCase().includes(foldername)) &&
  (folderpath === undefined || path.join('/').toLowerCase() === folderpath);

const isWanted = ({ switches }: Site, path: Path, query: FolderQuery): boolean => {
  if (query.rootonly && path.length > 1) return false;
  if (query.folderownerid !== undefined && query.folderownerid !== OWNER_ID) return false;
  const { foldername, folderpath, includesubfolders } = query;
  if (foldername === undefined && folderpath === undefined) return includesubfolders || path.length === 1;
  const isAlone = folderpath === undefined && switches.folderNameMatches === 'alone';
  if (isAlone || !includesubfolders) return isNamed(path, query);
  return path.some((_, depth) => isNamed(path.slice(0, depth + 1), query));
};

const listFolders: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Folders',
  kind: 'secrets',
  handle: (site, call, session) => {
    const refused = refuseWithout(session, ['secrets-safe']);
    if (refused !== undefined) return refused;
    const query = folderQuery.safeParse(Object.fromEntries(call.query)).data;
    if (query === undefined) return refusal(400, 'A query parameter is invalid.');
    const wanted = foldersOf(site).filter((path) => isWanted(site, path, query));
    return json(200, pageOf(wanted, query, site.switches).map(folderRow));
  },
};

const listSafes: Endpoint = {
  method: 'GET',
  template: 'Secrets-Safe/Safes',
  kind: 'secrets',
  handle: (site, _call, session) =>
    refuseWithout(session, ['secrets-safe']) ??
    json(
      200,
      foldersOf(site)
        .filter(({ length }) => length === 1)
        .map(safeRow),
    ),
};

const readOne = (template: string, called: string, row: (path: Path) => object | undefined): Endpoint => ({
  method: 'GET',
  template,
  kind: 'secrets',
  handle: (site, { guids: [id] }, session) => {
    const refused = refuseWithout(session, ['secrets-safe']);
    if (refused !== undefined) return refused;
    const path = foldersOf(site).find((candidate) => folderIdOf(candidate) === id);
    const found = path && row(path);
    return found === undefined ? refusal(404, `${called} not found`) : json(200, found);
  },
});

/** Reads of the folders and safes of Secrets Safe. */
export const folderEndpoints: readonly Endpoint[] = [
  listFolders,
  listSafes,
  readOne('Secrets-Safe/Folders/{guid}', 'Folder', folderRow),
  readOne('Secrets-Safe/Safes/{guid}', 'Safe', (path) => (path.length === 1 ? safeRow(path) : undefined)),
];
