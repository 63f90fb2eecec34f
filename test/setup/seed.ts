import fc from 'fast-check';

/** Fixed, so that only a change to the code can break a test. The campaigns try new examples. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
