-- wrk script: every request creates one object with a name of its own. KIND is ConfigMap (1 KiB) or Pod; RUN makes names unique.
local kind = os.getenv("KIND")
local run = os.getenv("RUN")
local token = os.getenv("TOKEN")
local thread_number = 0

function setup(thread)
  thread:set("id", thread_number)
  thread_number = thread_number + 1
end

local count = 0
local padding = string.rep("x", 800)
local headers = { ["Content-Type"] = "application/json" }
if token then headers["Authorization"] = "Bearer " .. token end

local pod_rest = '"spec":{"schedulerName":"none","automountServiceAccountToken":false,"containers":['
  .. '{"name":"web","image":"nginx:1.25","ports":[{"containerPort":80}],'
  .. '"env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}}],'
  .. '"resources":{"requests":{"cpu":"10m","memory":"16Mi"}}},'
  .. '{"name":"sidecar","image":"busybox:1.36","command":["sh","-c","sleep 3600"]}]}}'

function request()
  count = count + 1
  local name = string.lower(kind) .. "-" .. run .. "-" .. id .. "-" .. count
  local head = '{"apiVersion":"v1","kind":"' .. kind .. '","metadata":{"name":"' .. name .. '","labels":{"run":"' .. run .. '"}},'
  if kind == "ConfigMap" then
    return wrk.format("POST", "/api/v1/namespaces/bench/configmaps", headers, head .. '"data":{"k":"' .. padding .. '"}}')
  end
  return wrk.format("POST", "/api/v1/namespaces/bench/pods", headers, head .. pod_rest)
end

local complaints = 0
function response(status, _, body)
  if status ~= 201 then
    complaints = complaints + 1
    if complaints < 3 then io.stderr:write("status ", status, " ", body, "\n") end
  end
end
