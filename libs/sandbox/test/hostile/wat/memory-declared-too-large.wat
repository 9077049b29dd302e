;; Needs more to begin with than an execution may have.
;; expect: run memory_limit
(module
  (memory (export "memory") 1000)
  (func (export "_start")
    nop))
