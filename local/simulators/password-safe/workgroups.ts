export interface Workgroup {
  readonly id: number;
  readonly name: string;
}

/** The workgroups. The API can add one, but neither change nor delete it. */
export class Workgroups {
  readonly #all: Workgroup[];

  constructor(names: readonly string[]) {
    this.#all = (names.length === 0 ? ['Default Workgroup'] : names).map((name, index) => ({ id: index + 1, name }));
  }

  get all(): readonly Workgroup[] {
    return this.#all;
  }

  byId(id: number): Workgroup | undefined {
    return this.#all.find((workgroup) => workgroup.id === id);
  }

  byName(name: string): Workgroup | undefined {
    return this.#all.find((workgroup) => workgroup.name.toLowerCase() === name.toLowerCase());
  }

  idOf(name: string): number {
    return this.byName(name)?.id ?? 0;
  }

  add(name: string): Workgroup {
    const workgroup = { id: this.#all.length + 1, name };
    this.#all.push(workgroup);
    return workgroup;
  }
}
