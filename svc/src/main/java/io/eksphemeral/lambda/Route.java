package io.eksphemeral.lambda;

/** The routes of the HTTP API, each with its function. */
public enum Route {
  CREATE(Function.CREATE_CLUSTER, "POST", "/create"),
  ESTIMATE(Function.CREATE_CLUSTER, "POST", "/estimate"),
  PROLONG(Function.CREATE_CLUSTER, "POST", "/prolong/{id}/{minutes}"),
  LIST_IDS(Function.STATUS, "GET", "/status"),
  SHOW(Function.STATUS, "GET", "/status/{id}"),
  LIST(Function.STATUS, "GET", "/clusters"),
  LIST_GONE(Function.STATUS, "GET", "/clusters/gone"),
  DESTROY(Function.DESTROY_CLUSTER, "POST", "/destroy/{id}");

  /** The functions, with their names in template.yaml. */
  public enum Function {
    CREATE_CLUSTER("CreateClusterFunc"),
    STATUS("StatusFunc"),
    DESTROY_CLUSTER("DestroyClusterFunc");

    private final String title;

    Function(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  private final Function function;
  private final String method;
  private final String path;

  Route(Function function, String method, String path) {
    this.function = function;
    this.method = method;
    this.path = path;
  }

  public Function function() {
    return function;
  }

  public String method() {
    return method;
  }

  /** The path, with its parameters in braces. */
  public String path() {
    return path;
  }

  /** API Gateway's route key: {@code GET /status/{id}}. */
  public String key() {
    return method + " " + path;
  }
}
