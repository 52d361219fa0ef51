"""Forms: a form-js file becomes a schema and a view model. Knows neither database nor Flask."""

from forms.answers import Answer
from forms.components.files import FileRule
from forms.errors import FormsError, InvalidForm, InvalidInput
from forms.form import Form, FormExpression
from forms.loading import load
from forms.messages import Message
from forms.reading import RowChange
from forms.reasons import Reason
from forms.scope import Evaluate, Lookups, Option
from forms.view import FormView

__all__ = [
    "Answer",
    "Evaluate",
    "FileRule",
    "Form",
    "FormExpression",
    "FormView",
    "FormsError",
    "InvalidForm",
    "InvalidInput",
    "Lookups",
    "Message",
    "Option",
    "Reason",
    "RowChange",
    "load",
]
