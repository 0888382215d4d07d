--- Code in the order it is read, over answers that come later. Every failure ends here, in words.
local M = {}

---@class journeyman.Failure What is raised for people: a sentence, and what to do next.
---@field message string
---@field hint? string
---@field code? integer
---@field data? journeyman.ErrorData

---@param failure any
function M.report(failure)
  if type(failure) == "table" and failure.message then
    local text = failure.hint and failure.hint ~= "" and ("%s %s"):format(failure.message, failure.hint) or failure.message
    vim.notify("Journeyman: " .. text, vim.log.levels.ERROR)
  elseif failure ~= nil then
    vim.notify("Journeyman has a bug: " .. tostring(failure), vim.log.levels.ERROR)
  end
end

---@param co thread
local function step(co)
  local ok, failure = coroutine.resume(co)
  if not ok then
    M.report(type(failure) == "string" and debug.traceback(co, failure) or failure)
  end
end

--- Run `act` until its first `await`, and the rest when the answers are there.
---@param act fun()
function M.start(act)
  step(coroutine.create(act))
end

--- Give `begin` a function to call with what is waited for. Only inside of `start`.
---@param begin fun(done: fun(...))
function M.await(begin)
  local co = assert(coroutine.running(), "only a task can wait")
  local values, waits
  begin(function(...)
    if values then
      return
    end
    values = vim.F.pack_len(...)
    if waits then
      step(co)
    end
  end)
  if not values then
    waits = true
    coroutine.yield()
  end
  return vim.F.unpack_len(values)
end

--- Run `act` and let Neovim's loop go on until it is done, for what Neovim itself does not wait for.
---@generic T
---@param act fun(): T
---@param deadline_ms integer
---@return T
function M.wait(act, deadline_ms)
  local over, ok, value = false, nil, nil
  M.start(function()
    ok, value = pcall(act)
    over = true
  end)
  vim.wait(deadline_ms, function()
    return over
  end, 5)
  if not over then
    error({ message = "There was no answer in time.", hint = "Try again, or see :checkhealth journeyman." }, 0)
  elseif not ok then
    error(value, 0)
  end
  return value
end

--- vim.ui.select, as something to wait for. Nothing where the person chose nothing.
function M.select(items, options)
  return M.await(function(done)
    vim.ui.select(items, options, function(item)
      done(item)
    end)
  end)
end

--- vim.ui.input, as something to wait for. Nothing where the person gave up or said nothing.
---@return string?
function M.input(options)
  local text = M.await(function(done)
    vim.ui.input(options, function(given)
      done(given)
    end)
  end)
  return text ~= "" and text or nil
end

return M
