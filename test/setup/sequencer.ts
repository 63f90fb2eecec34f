import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The rings by how long their files take. */
const LONGEST_FIRST = ['workflow', 'contract', 'infra', 'unit'];

/** So that what comes last is short, and no core waits for a long file on the other one. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification): number => LONGEST_FIRST.indexOf(project.name);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
