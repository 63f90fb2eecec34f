/** Encodes the segments of a path for a URL. */
export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
