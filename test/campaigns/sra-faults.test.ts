import { breakSraCalls } from '#test/support/sra-faults.ts';
import { SRA_SYNC } from '#test/support/sra-scenarios.ts';

breakSraCalls(SRA_SYNC);
