/** How electron-builder packs the desktop app. The binary comes from `ELECTRON_DIST` where it is given: an unpacked Electron. */
const electronDist = process.env.ELECTRON_DIST

export default {
  appId: 'dev.millrace.studio',
  productName: 'Millrace',
  electronVersion: '45.4.1',
  ...(electronDist ? { electronDist } : {}),
  directories: { output: '.build/desktop' },
  files: [
    'package.json',
    '.build/electron/*.cjs',
    '.build/engine/**/*.mjs',
    '.build/renderer/**/*',
    '.build/package/millrace.tgz',
    'pipelines/**/*',
    '!**/*.map',
    '!**/node_modules/node-*-*/**',
    '!**/node_modules/**/*.{md,ts,map}',
    'node_modules/typescript/lib/*.d.ts',
  ],
  extraMetadata: { main: '.build/electron/main.cjs' },
  asar: true,
  // Programs and native libraries can not be started from inside an archive.
  asarUnpack: ['**/*.node', '**/esbuild/**', '**/@esbuild/**', 'pipelines/**', '.build/package/millrace.tgz'],
  npmRebuild: false,
  nodeGypRebuild: false,
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    onlyLoadAppFromAsar: true,
  },
  fileAssociations: [],
  protocols: [{ name: 'Millrace pipeline', schemes: ['millrace'] }],
  linux: { target: ['AppImage'], category: 'Development' },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools' },
  win: { target: ['nsis'] },
}
