/** Names of the messages between preload and main; nothing else passes between them. */
export const channels = {
  requestPort: 'millrace:request-port',
  port: 'millrace:port',
  setUnsaved: 'millrace:set-unsaved',
  chooseFolder: 'millrace:choose-folder',
  choosePipeline: 'millrace:choose-pipeline',
  revealInFolder: 'millrace:reveal-in-folder',
} as const

/** The window's address; the only one that it ever shows. */
export const studioOrigin = 'app://studio'
