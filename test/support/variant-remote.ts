import type { SecretContent } from '#shared/secret.ts';

interface Version {
  readonly number: number;
  readonly value: SecretContent;
}

/** A secret without its values. The mark of a delivery belongs to one version. */
export interface VariantRow {
  readonly name: string;
  readonly owner: string | undefined;
  readonly description: string;
  readonly mark: { readonly stamp: string; readonly version: number } | undefined;
  /** Number of the current version; 0 if there is none. */
  readonly version: number;
  readonly isRetired: boolean;
}

interface StoredRow extends Omit<VariantRow, 'version'> {
  readonly versions: readonly Version[];
}

/** Shown for a write that the remote's fence refuses. */
export const CONFLICT = 'conflict';

export interface VariantWrite {
  readonly name: string;
  readonly owner: string;
  readonly value: SecretContent;
  readonly description: string;
  /** Written together with the value, where the remote can. */
  readonly stamp?: string | undefined;
  /** The write is refused over another version. */
  readonly over?: number | undefined;
}

const PAGE_SIZE = 20;

/** The remote of a {@link createVariantStore}: secrets with numbered versions, in memory. Every method is atomic. */
export class VariantRemote {
  static readonly pageSize = PAGE_SIZE;
  readonly #rows = new Map<string, StoredRow>();

  describe(name: string): VariantRow | undefined {
    const row = this.#rows.get(name);
    return row && shown(row);
  }

  page(from: number): { readonly rows: readonly VariantRow[]; readonly next: number | undefined } {
    const all = [...this.#rows.values()].map(shown);
    const next = from + PAGE_SIZE;
    return { rows: all.slice(from, next), next: next < all.length ? next : undefined };
  }

  /** Returns the number of the new version, which becomes the current one. A retired secret is restored. */
  write({ name, owner, value, description, stamp, over }: VariantWrite): number | typeof CONFLICT {
    const row = this.#rows.get(name);
    const current = row?.versions.at(-1)?.number ?? 0;
    if (over !== undefined && over !== current) return CONFLICT;
    const version = current + 1;
    this.#rows.set(name, {
      name,
      owner: row?.owner ?? owner,
      description,
      mark: stamp === undefined ? row?.mark : { stamp, version },
      versions: [...(row?.versions ?? []), { number: version, value }],
      isRetired: false,
    });
    return version;
  }

  mark(name: string, mark: NonNullable<VariantRow['mark']>): void {
    this.#change(name, { mark });
  }

  setOwner(name: string, owner: string): void {
    this.#change(name, { owner });
  }

  retire(name: string): void {
    this.#change(name, { isRetired: true });
  }

  /** Removes the current version, or all of them. */
  remove(name: string, leaves: 'nothing' | 'earlier versions' = 'nothing'): void {
    const row = this.#rows.get(name);
    if (leaves === 'nothing' || row === undefined) this.#rows.delete(name);
    else this.#rows.set(name, { ...row, isRetired: true, versions: row.versions.slice(0, -1) });
  }

  /** Value of a version; of the current one if no number is given. A retired secret has none. */
  read(name: string, version?: number): SecretContent | undefined {
    const row = this.#rows.get(name);
    if (row === undefined || row.isRetired) return undefined;
    return row.versions.findLast(({ number }) => version === undefined || number === version)?.value;
  }

  makeForeign(name: string, value: SecretContent): void {
    const versions = [{ number: 1, value }];
    this.#rows.set(name, { name, owner: undefined, description: '', mark: undefined, versions, isRetired: false });
  }

  /** All values of a secret, retired or not. */
  valuesOf(name: string): SecretContent[] {
    return (this.#rows.get(name)?.versions ?? []).map(({ value }) => value);
  }

  /** Everything except the values. */
  visible(): string {
    return JSON.stringify([...this.#rows.values()].map(shown));
  }

  #change(name: string, change: Partial<StoredRow>): void {
    const row = this.#rows.get(name);
    if (row !== undefined) this.#rows.set(name, { ...row, ...change });
  }
}

const shown = ({ versions, ...row }: StoredRow): VariantRow => ({ ...row, version: versions.at(-1)?.number ?? 0 });
