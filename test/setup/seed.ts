import fc from 'fast-check';

/** A change passes or fails by what it changes. New examples are looked for in the campaigns. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
