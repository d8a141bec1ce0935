package bare_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	anyComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	goName     = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
)

// The variables of the documents' programs, and what each is.
var documentsVariables = map[string][]string{
	"app":     {"bare.Application"},
	"request": {"bare.HttpRequest", "bare.WebSocketRequest"},
	"socket":  {"bare.WebSocket"},
}

// Names of others that look like ours.
var foreignNames = map[string]bool{
	"request.GET":                  true, // Django's
	"middleware.Compress":          true, // chi's
	"prometheus.DefaultRegisterer": true, // the client library's
}

// Code blocks are compiled. The names in the text are not.
func TestDocumentsNameNoGoThatIsNotThere(t *testing.T) {
	t.Parallel()
	known := goNames(t)
	for _, path := range documents(t) {
		for _, span := range codeSpans(readFile(t, path)) {
			for _, match := range goName.FindAllStringSubmatch(span, -1) {
				if !foreignNames[match[0]] && !isThere(known, match[1], match[2], match[3]) {
					t.Errorf("%s: there is no %s in `%s`", path, match[0], span)
				}
			}
		}
	}
}

// isThere reports whether a name of one of our packages, or a member of a variable, exists.
// It says yes to what is neither.
func isThere(known map[string]bool, left, name, member string) bool {
	if types, ok := documentsVariables[left]; ok {
		for _, kind := range types {
			if known[kind+"."+name] {
				return true
			}
		}
		return false
	}
	if !known[left] {
		return true
	}
	return known[left+"."+name] && (member == "" || known[left+"."+name+"."+member])
}

// goNames has the exported names of all our packages: "bare", "bare.End", "bare.End.Status".
func goNames(t *testing.T) map[string]bool {
	t.Helper()
	known := make(map[string]bool)
	embedded := make(map[string]string) // a struct, and the type that is embedded in it
	for _, pattern := range []string{"*.go", "*/*.go", "ext/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if pkg := file.Name.Name; pkg != "main" {
				known[pkg] = true
				addNames(known, embedded, file)
			}
		}
	}
	for outer, inner := range embedded {
		for name := range known {
			if member, ok := strings.CutPrefix(name, inner+"."); ok {
				known[outer+"."+member] = true
			}
		}
	}
	return known
}

func addNames(known map[string]bool, embedded map[string]string, file *ast.File) {
	pkg := file.Name.Name + "."
	for _, declaration := range file.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			if declaration.Recv == nil {
				known[pkg+declaration.Name.Name] = true
			} else {
				known[pkg+baseName(declaration.Recv.List[0].Type)+"."+declaration.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						known[pkg+name.Name] = true
					}
				case *ast.TypeSpec:
					known[pkg+spec.Name.Name] = true
					addMembers(known, embedded, pkg, spec)
				}
			}
		}
	}
}

func addMembers(known map[string]bool, embedded map[string]string, pkg string, spec *ast.TypeSpec) {
	kind := pkg + spec.Name.Name
	var members *ast.FieldList
	switch of := spec.Type.(type) {
	case *ast.StructType:
		members = of.Fields
	case *ast.InterfaceType:
		members = of.Methods
	default:
		if spec.Assign.IsValid() { // an alias
			embedded[kind] = qualified(pkg, of)
		}
		return
	}
	for _, member := range members.List {
		for _, name := range member.Names {
			known[kind+"."+name.Name] = true
		}
		if len(member.Names) == 0 {
			embedded[kind] = qualified(pkg, member.Type)
		}
	}
}

// qualified is a type's name with its package, which is pkg unless the type has one.
func qualified(pkg string, kind ast.Expr) string {
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	if selector, ok := kind.(*ast.SelectorExpr); ok {
		pkg = baseName(selector.X) + "."
	}
	return pkg + baseName(kind)
}

// baseName is a type's name, without its package, pointer and parameters.
func baseName(kind ast.Expr) string {
	switch kind := kind.(type) {
	case *ast.StarExpr:
		return baseName(kind.X)
	case *ast.IndexExpr:
		return baseName(kind.X)
	case *ast.SelectorExpr:
		return kind.Sel.Name
	case *ast.Ident:
		return kind.Name
	}
	return ""
}

// codeSpans are what a document has between backquotes, outside its blocks.
func codeSpans(text string) []string {
	text = anyComment.ReplaceAllString(anyBlock.ReplaceAllString(text, ""), "")
	var spans []string
	for _, match := range codeSpan.FindAllStringSubmatch(text, -1) {
		spans = append(spans, match[1])
	}
	return spans
}

func TestDocumentsNamesAreFoundInTheCode(t *testing.T) {
	t.Parallel()
	known := goNames(t)
	cases := []struct {
		left, name, member string
		want               bool
	}{
		{"bare", "TextResponse", "", true},
		{"bare", "TextAnswer", "", false},
		{"bare", "End", "Reason", true},
		{"bare", "End", "Because", false},
		{"bare", "HttpRouter", "Allowed", true},
		{"request", "Sleep", "", true},
		{"request", "Slumber", "", false},
		{"app", "HttpRouter", "", true},
		{"topic", "View", "Snapshot", true},
		{"topic", "Offset", "Compare", true},
		{"topic", "Offset", "Confer", false},
		{"http", "Anything", "", true},
	}
	for _, test := range cases {
		if got := isThere(known, test.left, test.name, test.member); got != test.want {
			t.Errorf("%s.%s.%s: got %v, want %v", test.left, test.name, test.member, got, test.want)
		}
	}
}
