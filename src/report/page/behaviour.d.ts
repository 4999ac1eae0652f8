/** What runs in the reader's browser, as the text that the page holds; see behaviour.js. */
export const pageScript: string;
