import type { Session } from '#shared/connections/password-safe/session.ts';
import type { Access, ItemPage, Preparation, Source } from '#shared/connections/vault.ts';
import type { Item, Labels } from '#shared/domain/item.ts';

/** How one source is listed and read in a session; what each call means stands at the port. */
export interface SourceReading {
  list(session: Session, source: Source, within: Labels): AsyncIterable<ItemPage>;
  /** Absent where nobody can address a single item. */
  find?(session: Session, source: Source, labels: Labels): Promise<Item | 'none' | 'several'>;
  access(session: Session, source: Source, expected: readonly Item[]): Access;
  prepare?(): Preparation;
}
