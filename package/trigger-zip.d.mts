// The type of trigger-zip.mjs, which build.mjs runs as it is.
export declare function zipOf(files: Iterable<readonly [string, Uint8Array]>): Uint8Array
