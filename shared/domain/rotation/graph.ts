/** Needs among keys: every key, with the keys that it needs. All of them are keys of the graph. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The keys on a cycle of a graph; undefined if there is none. Not recursive, because a chain can be long. Pure. */
export const findCycle = (graph: Graph): string[] | undefined => {
  const finished = new Set<string>();
  for (const root of graph.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    const open: Iterator<string>[] = [];
    const enter = (key: string): void => {
      path.push(key);
      onPath.add(key);
      open.push((graph.get(key) ?? new Set<string>()).values());
    };
    if (!finished.has(root)) enter(root);
    for (let needs = open.at(-1); needs !== undefined; needs = open.at(-1)) {
      const { done, value } = needs.next();
      if (done === true) {
        open.pop();
        const left = path.pop();
        if (left === undefined) continue;
        onPath.delete(left);
        finished.add(left);
      } else if (onPath.has(value)) return path.slice(path.indexOf(value));
      else if (!finished.has(value)) enter(value);
    }
  }
  return undefined;
};

/** Keys that need each key of the graph. Pure. */
export const dependentsOf = (graph: Graph): Map<string, string[]> => {
  const dependents = new Map([...graph.keys()].map((key): [string, string[]] => [key, []]));
  for (const [key, needed] of graph) for (const other of needed) dependents.get(other)?.push(key);
  return dependents;
};

/** Length of the longest chain of keys that need each key; 0 if none needs it. The graph has no cycle. Pure. */
export const heights = (graph: Graph): Map<string, number> => {
  const waiting = new Map([...dependentsOf(graph)].map(([key, { length }]) => [key, length]));
  const found = new Map([...graph.keys()].map((key): [string, number] => [key, 0]));
  const ready = [...waiting].filter(([, count]) => count === 0).map(([key]) => key);
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    for (const needed of graph.get(key) ?? []) {
      found.set(needed, Math.max(found.get(needed) ?? 0, (found.get(key) ?? 0) + 1));
      const left = (waiting.get(needed) ?? 0) - 1;
      waiting.set(needed, left);
      if (left === 0) ready.push(needed);
    }
  }
  return found;
};
