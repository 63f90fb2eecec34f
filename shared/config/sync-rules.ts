import type { RelayConfig, SyncConfig } from '#shared/config/schema.ts';
import { createRendering, type Rendering } from '#shared/domain/rendering.ts';

/** What follows from a sync's source and access, for every step that has to know. */

/** Whether it reads through requests, which have to be given back; by the ISA role and in Secrets Safe there are none. */
export const opensRequests = (sync: SyncConfig): boolean =>
  sync.source === 'aliases' || (sync.source === 'accounts' && sync.access === 'request');

/** The connections that requests of ours can be open at. A user who needs none may not even be allowed to list them. */
export const connectionsWithRequests = ({ syncs, checkouts }: Pick<RelayConfig, 'syncs' | 'checkouts'>): string[] => [
  ...new Set([
    ...Object.values(syncs).flatMap((sync) => (opensRequests(sync) ? sync.connection : [])),
    ...Object.values(checkouts).flatMap((rule) => (rule.access === 'request' ? rule.connection : [])),
  ]),
];

/** How it writes a value around what it reads. */
export const renderingOf = (sync: SyncConfig): Rendering =>
  createRendering(sync.value, sync.source === 'secrets-safe' ? {} : { kind: sync.credential });
