import type { Fields } from './calls.ts';
import { listBelow, scanBelow } from './folders.ts';
import type { Mount } from './namespaces.ts';
import { ABSENT, answer, collected, NO_CONTENT, refusal } from './replies.ts';
import { DEFAULT_TTL_SECONDS } from './times.ts';

/** KV version 1: one value per path, and everything else in a path or a body is part of it. */
export const createKv1 = (): Mount => {
  const secrets = new Map<string, Fields>();
  return {
    version: 1,
    exists: (path) => secrets.has(path),
    handle({ operation, fields = {}, query }, path) {
      switch (operation) {
        case 'list':
          return listBelow(secrets.keys(), path, query);
        case 'scan':
          return scanBelow(secrets.keys(), path);
        case 'read': {
          const data = secrets.get(path);
          return data === undefined ? ABSENT : answer({ data, leaseSeconds: DEFAULT_TTL_SECONDS });
        }
        case 'update':
          if (Object.keys(fields).length === 0) return refusal(400, 'missing data fields');
          secrets.set(path, fields);
          return NO_CONTENT;
        case 'delete':
          secrets.delete(path);
          return NO_CONTENT;
        case 'patch':
          return collected(405, 'unsupported operation');
      }
    },
    currentValues: () => secrets.entries(),
    metadata: () => [...secrets.keys()].map((path) => [path, {}]),
  };
};
