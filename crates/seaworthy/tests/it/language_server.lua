-- A session of Neovim with the server: open, see a diagnostic, ask about it, correct the line, see it gone.
-- Run by language_server.rs; says "session complete" on standard error, or fails with what it saw instead.

local function fail(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    fail("waited in vain for " .. what .. ": " .. vim.inspect(vim.diagnostic.get(0)))
  end
end

local function session()
  local client = vim.lsp.start_client({
    name = "seaworthy",
    cmd = { vim.env.SEAWORTHY, "lsp" },
    root_dir = vim.fn.getcwd(),
  })
  vim.lsp.buf_attach_client(0, client)

  local function privileged()
    for _, found in ipairs(vim.diagnostic.get(0)) do
      if found.code == "pods/privileged" then
        return found
      end
    end
  end

  wait("the finding", privileged)
  local found = privileged()
  -- Neovim counts from 0, in bytes.
  local line = vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, true)[1]
  local shown = line:sub(found.col + 1, found.end_col)
  if shown ~= "privileged: true" then
    fail("the diagnostic stands at: " .. shown)
  end

  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col + 2 })
  local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(), 60000)
  local page = answers and answers[client] and answers[client].result and answers[client].result.contents.value
  if not page or not page:find("pods/privileged", 1, true) then
    fail("the page under the pointer is: " .. vim.inspect(answers))
  end

  vim.cmd([[%s/privileged: true/privileged: false/]])
  wait("the finding to go", function() return not privileged() end)
  if #vim.diagnostic.get(0) == 0 then
    fail("nothing at all is left: the server went away")
  end

  vim.lsp.stop_client(client)
  wait("the server to end", function() return vim.lsp.client_is_stopped(client) end)
  io.stderr:write("session complete\n")
  vim.cmd("qall!")
end

local ok, problem = pcall(session)
if not ok then
  fail(tostring(problem))
end
