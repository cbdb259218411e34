import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './styles/tokens.css'
import './styles/base.css'
import './styles/window.css'
import './styles/canvas.css'
import './styles/inspector.css'
import './styles/dock.css'
import './styles/start.css'
import { createRoot } from 'react-dom/client'
import * as z from 'zod/mini'
import { App } from './app.tsx'
import { Boundary } from './parts/boundary.tsx'
import { startStudio } from './stores/start.ts'

// The content policy forbids the code that zod would generate for speed.
z.config({ jitless: true })

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <Boundary name="the window">
      <App />
    </Boundary>,
  )
void startStudio()
